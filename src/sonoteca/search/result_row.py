"""The one result row: similar, search, hum, match, next and duplicates all answer with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.summaries import certainties
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import regions, sounds, summaries
from sonoteca.domain.certainty import Certainty
from sonoteca.domain.music import Key
from sonoteca.domain.names import sound_name

_NAMED_COPIES = 3
# Made once: building it takes longer than answering it for twenty regions.
_FACTS = (
    sa.select(
        regions.c.id.label("region_id"),
        regions.c.number,
        regions.c.start_s,
        regions.c.end_s,
        sounds.c.id.label("sound_id"),
        sounds.c.public_id,
        sounds.c.external_id,
        sounds.c.price,
        sounds.c.currency,
        sounds.c.url,
        sounds.c.shop_title,
        summaries.c.title,
        summaries.c.artist,
        summaries.c.path,
        summaries.c.kind,
        summaries.c.role,
        summaries.c.sound_class,
        summaries.c.tempo_bpm,
        summaries.c.tonic,
        summaries.c.mode,
        summaries.c.kind_confidence,
        summaries.c.role_confidence,
        summaries.c.sound_class_confidence,
        summaries.c.tempo_confidence,
        summaries.c.key_confidence,
    )
    .join(sounds, sounds.c.id == regions.c.sound_id)
    .join(summaries, summaries.c.region_id == regions.c.id, isouter=True)
    .where(regions.c.id.in_(sa.bindparam("ids", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """What a result says of a region besides the score. Unknown is None."""

    region_id: int
    sound_id: int
    id: str
    external_id: str | None
    title: str | None
    artist: str | None
    path: str | None
    number: int
    start_s: float
    end_s: float
    kind: str | None
    role: str | None
    sound_class: str | None
    tempo_bpm: float | None
    key: Key | None
    price: float | None
    currency: str | None
    url: str | None
    shop_title: str | None = None
    # How sure what is known of kind, role, sound_class, bpm and key is: ``stated`` or ``likely``.
    certainty: Mapping[str, Certainty] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How sentences call the sound."""
        return sound_name(self.id, self.title, self.artist, self.path, self.shop_title)


@dataclass(frozen=True, slots=True)
class Copy:
    """Another sound of the library that is the same recording: its public id, and its file where it has one."""

    id: str
    path: str | None

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "path": self.path}


@dataclass(frozen=True, slots=True, repr=False)
class ResultRow:
    """One answer. ``score`` and ``parts`` are 0..1, higher is better; ``region`` is the region's number.

    ``start_s``/``end_s`` say which moment answered, in seconds of the sound. ``mode`` names
    the search that found it. ``price``, ``currency``, ``url`` and ``shop_title`` are a shop's; None where it said nothing.
    ``copies`` are other sounds that are this recording, for which the row stands.
    """

    id: str
    external_id: str | None
    title: str | None
    path: str | None
    region: int
    start_s: float
    end_s: float
    score: float
    mode: str
    parts: Mapping[str, float | None] = field(default_factory=dict)
    reasons: Sequence[str] = ()
    price: float | None = None
    currency: str | None = None
    url: str | None = None
    artist: str | None = None
    copies: tuple[Copy, ...] = ()
    shop_title: str | None = None

    def __repr__(self) -> str:
        """One line: how well it answers, what, which moment, and why.

        >>> ResultRow("6k3q", None, None, "loops/a.wav", 0, 0.0, 4.0, 0.814, "similar", {}, ("timbre",))
        <ResultRow 0.81 loops/a.wav 0-4 s: timbre>
        """
        why = f": {', '.join(self.reasons)}" if self.reasons else ""
        name = self.path or self.title or self.id
        return f"<ResultRow {self.score:.2f} {name} {self.start_s:g}-{self.end_s:g} s{why}>"

    @classmethod
    def of(
        cls,
        facts: RegionFacts,
        *,
        start_s: float,
        end_s: float,
        score: float,
        mode: str,
        parts: Mapping[str, float | None],
        reasons: Sequence[str],
    ) -> ResultRow:
        """The answer that a moment of the region with these facts is."""
        return cls(
            id=facts.id,
            external_id=facts.external_id,
            title=facts.title,
            path=facts.path,
            region=facts.number,
            start_s=start_s,
            end_s=end_s,
            score=score,
            mode=mode,
            parts=parts,
            reasons=tuple(reasons),
            price=facts.price,
            currency=facts.currency,
            url=facts.url,
            artist=facts.artist,
            shop_title=facts.shop_title,
        )

    def as_json(self) -> dict[str, Any]:
        """The row as every command and route prints it."""
        return {
            "id": self.id,
            "external_id": self.external_id,
            "title": self.title,
            "artist": self.artist,
            "path": self.path,
            "region": self.region,
            "start_s": round(self.start_s, 4),
            "end_s": round(self.end_s, 4),
            "score": round(self.score, 4),
            "parts": {name: None if value is None else round(value, 4) for name, value in self.parts.items()},
            "reasons": list(self.reasons),
            "mode": self.mode,
            "price": self.price,
            "currency": self.currency,
            "url": self.url,
            "copies": [copy.as_json() for copy in self.copies],
        }

    def standing_for(self, copies: Sequence[Copy]) -> ResultRow:
        """The same row with its copies, named among the reasons too."""
        if not copies:
            return self
        names = [Path(copy.path).name if copy.path else copy.id for copy in copies]
        more = f" and {len(names) - _NAMED_COPIES} more" if len(names) > _NAMED_COPIES else ""
        said = f"the same recording as {', '.join(names[:_NAMED_COPIES])}{more}"
        return replace(self, copies=tuple(copies), reasons=(*self.reasons, said))


def region_facts(connection: Connection, region_ids: Sequence[int]) -> dict[int, RegionFacts]:
    """Facts of the regions that are (still) there, by row number."""
    found: dict[int, RegionFacts] = {}
    for some in chunks([int(each) for each in region_ids]):
        for row in connection.execute(_FACTS, {"ids": some}).all():
            found[row.region_id] = RegionFacts(
                region_id=row.region_id,
                sound_id=row.sound_id,
                id=row.public_id,
                external_id=row.external_id,
                title=row.title,
                artist=row.artist,
                path=row.path,
                number=row.number,
                start_s=row.start_s,
                end_s=row.end_s,
                kind=row.kind,
                role=row.role,
                sound_class=row.sound_class,
                tempo_bpm=row.tempo_bpm,
                key=None if row.tonic is None or row.mode is None else Key(row.tonic, row.mode),
                price=row.price,
                currency=row.currency,
                url=row.url,
                shop_title=row.shop_title,
                certainty=certainties(row._mapping),
            )
    return found
