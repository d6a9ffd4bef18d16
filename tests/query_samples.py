"""A small library that has something for every field, and strategies for trees over it."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from catalogue_samples import EAR, heard, info, part
from sonoteca.catalogue.heard.fulltext import TextField
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.locations import SeenFile, mark_missing, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.identity.shop import ShopFacts, set_shop_facts
from sonoteca.catalogue.identity.sounds import mark_failed, whole_regions
from sonoteca.catalogue.made.edit import edit, parse_statements
from sonoteca.domain.claim import Claim
from sonoteca.domain.names import public_id
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.domain.vocabulary import Kind, Role
from sonoteca.errors import DamagedAudio
from sonoteca.search.query.tree import (
    And,
    Between,
    ExternalIs,
    ExternalLike,
    HasTag,
    IdIs,
    Is,
    KeyIs,
    Known,
    Node,
    Not,
    Or,
    Tagged,
    Words,
)

_TITLES = ("Warm Pad", "Wärme", "warmth of the sun", "Dusty Break 01", "808 Kick", "Ωmega", "pad, warm", "naïve — Ship")
_TAGS = (("dusty",), ("Dusty", "lo-fi"), ("dust",), (), ("Käse",))


def fill(connection: Connection) -> None:
    """Twenty sounds, some with event regions, some with nothing known."""
    root = ensure_root(connection, "/music/Sämples").root
    files = [SeenFile(f"{'drums' if n % 3 else 'Pads & Keys'}/Sound_{n}.wav".encode(), 1, 1) for n in range(20)]
    recorded = record_files(connection, root, [(file, f"x1:{n}") for n, file in enumerate(files)])
    ids = [each.sound_id for each in recorded]
    results = [_result(sound_id, n) for n, sound_id in enumerate(ids) if n < 17]
    store_results(connection, results, identities=[EAR])
    wholes = whole_regions(connection, ids)
    for n, sound_id in enumerate(ids[:15]):
        if labels := _TAGS[n % len(_TAGS)]:
            edit(connection, [wholes[sound_id]], {}, add_tags=labels)
    edit(connection, [wholes[ids[1]]], parse_statements(rating="4", bpm="none", role="bass"))
    edit(connection, [wholes[ids[2]]], parse_statements(rating="0"), remove_tags=["jazz"])
    set_shop_facts(connection, {ids[3]: ShopFacts(external_id="LP-1042", price=2.5), ids[5]: ShopFacts(price=4.0)})
    mark_failed(connection, {ids[17]: DamagedAudio("No sound.")})
    mark_missing(connection, [recorded[4].location_id])


def _result(sound_id: int, n: int) -> SoundResult:
    values: dict[str, object] = {"brightness": n / 20, "loudness": {"integrated_lufs": -5.0 - n, "range_lu": n}}
    if n % 5:
        values["kind"] = str(list(Kind)[n % 4])
    if n % 4:
        values["tempo"] = {"bpm": 55.0 + 10.25 * n, "alternatives_bpm": []}
    if n % 3:
        values["key"] = {"tonic": (n * 7) % 12, "mode": "minor" if n % 2 else "major", "alternatives": []}
        values["role"] = {"value": str(list(Role)[n % 7]), "scores": {}}
    claims = [Claim("title", _TITLES[n % len(_TITLES)], "tags"), Claim("genre", "Jazz" if n % 2 else "Dub", "tags")]
    if n % 2:
        claims.append(Claim("artist", "Björk" if n % 4 == 1 else "Amon Tobin", "tags"))
    parts = [part(0, 0.0, 1.0 + n, heard(**values))]  # type: ignore[arg-type]
    if n % 6 == 0:
        parts += [part(1, 0.1, 0.4, heard(brightness=0.9)), part(2, 0.5, 0.9, heard(kind="one_shot"))]
    return SoundResult(sound_id, info(f"x1:{n}", 1.0 + n), SoundAnalysis(tuple(parts)), tuple(claims))


_WORDS = [
    "warm",
    "wa",
    "pad",
    "dusty",
    "dus",
    "sound",
    "drums",
    "8",
    "808",
    "bjork",
    "warme",
    "jazz",
    "ωmega",
    "ship",
    "zz",
]
_TEXT_FIELDS = get_args(TextField)
_NUMBERS = st.one_of(st.none(), st.floats(-40, 200, allow_nan=False), st.integers(-40, 200).map(float))
_NUMBER_COLUMNS = [
    "tempo_bpm", "loudness_lufs", "loudness_range_lu", "brightness", "duration_s", "rating", "confidence", "tempo_confidence", "price",
]  # fmt: skip

leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(
        Words,
        st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3).map(tuple),
        st.booleans(),
        st.lists(st.sampled_from(_TEXT_FIELDS), max_size=3, unique=True).map(tuple),
    ),
    st.builds(Is, st.just("kind"), st.sampled_from([str(kind) for kind in Kind])),
    st.builds(Is, st.just("role"), st.sampled_from([str(role) for role in Role])),
    st.builds(Is, st.just("status"), st.sampled_from(["pending", "analysed", "failed"])),
    st.just(Is("is_missing", True)),
    st.builds(Between, st.sampled_from(_NUMBER_COLUMNS), _NUMBERS, _NUMBERS, st.booleans(), st.booleans()).filter(
        lambda leaf: leaf.low is not None or leaf.high is not None
    ),
    st.builds(
        Between, st.just("added_at"), st.sampled_from([None, "2020-01-01T00:00:00.000Z", "2100"]), st.just("2090")
    ),
    st.builds(
        KeyIs,
        st.lists(
            st.tuples(st.one_of(st.none(), st.integers(0, 11)), st.sampled_from([None, "major", "minor"])), max_size=4
        ).map(lambda keys: tuple(key for key in keys if key != (None, None))),
    ),
    st.builds(Tagged, st.sampled_from(["dusty", "dust", "du", "lo-fi", "kase", "jazz", "dub", "zz"]), st.booleans()),
    st.builds(
        Known,
        st.sampled_from(
            [
                "kind",
                "tempo_bpm",
                "key_number",
                "rating",
                "confidence",
                "title_key",
                "artist_key",
                "path_key",
                "role",
                "price",
                "external_id",
            ]
        ),
    ),
    st.just(HasTag()),
    st.builds(IdIs, st.sampled_from([public_id("x1:3"), public_id("x1:3")[:2], "a", "zzzz"])),
    st.builds(ExternalIs, st.sampled_from(["LP-1042", "LP-1"])),
    st.builds(
        ExternalLike, st.sampled_from([("LP-", ""), ("lp-", ""), ("", "42"), ("L", "1", ""), ("L_", ""), ("[L]", "")])
    ),
)

trees: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
)
