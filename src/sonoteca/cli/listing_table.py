"""The tables of lists and of what a list divides into."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sonoteca.cli.absence_marks import AWAY_MARKS, explain_marks
from sonoteca.cli.output import clock, counted, note, print_table
from sonoteca.cli.sound_names import key_text, kind_text, kind_words, marked, names_of, price_text, tempo_text
from sonoteca.cli.table import Column, ColumnLike
from sonoteca.domain.music import Key
from sonoteca.domain.tempo_words import TEMPO_BUCKET_BPM

if TYPE_CHECKING:
    from sonoteca import SoundRow

# What the library notes of files that were not there at the last look, as ``Whereabouts.absence`` says it.
_ABSENT = "file missing"
# How what a list divides into is told: the heading, and each value.
_FACETS: Final[Mapping[str, tuple[str, Callable[[Any], str | None]]]] = {
    "kind": ("kind", kind_words),
    "sound_class": ("class", str),
    "key": ("key", lambda name: key_text(Key.parse(name))),
    "tempo_bpm": ("bpm", lambda low: f"{low}-{low + TEMPO_BUCKET_BPM - 1}"),
}


def print_listing(rows: Sequence[SoundRow], ids: Mapping[str, str], *, with_shop: bool = False) -> None:
    """Rows as a table, a shop's number and price too if wanted; ``ids`` are the short ones of the library."""
    shop: list[ColumnLike] = ["number", Column("price", "right")] if with_shop else []
    print_table(
        [
            "id", "kind", "role", "class", ("bpm", "right"), "key", Column("LUFS", "right", spare=2),
            ("length", "right"), Column("tags", spare=1), *shop,
            Column("sound", "name", least=20), "file",
        ],
        [
            (
                ids[row.id] if not row.region else f"{ids[row.id]} #{row.region}",
                _state_text(row),
                _marked(row, "role", row.role),
                _marked(row, "sound_class", row.sound_class),
                _marked(row, "bpm", tempo_text(row.tempo_bpm)),
                _marked(row, "key", key_text(row.key)),
                None if row.loudness_lufs is None else f"{row.loudness_lufs:.1f}",
                clock(row.duration_s),
                ", ".join(row.tags) or None,
                *((row.external_id, price_text(row.price, row.currency)) if with_shop else ()),
                name,
                AWAY_MARKS[_ABSENT] if row.is_missing else None,
            )
            for row, name in zip(rows, names_of(rows), strict=True)
        ],
    )  # fmt: skip
    explain_marks([_ABSENT if row.is_missing else None for row in rows])


def _state_text(row: SoundRow) -> str | None:
    """The kind, or how far a sound has come that was not heard yet."""
    return _marked(row, "kind", kind_text(row.kind)) if row.status == "analysed" else row.status


def _marked(row: SoundRow, name: str, text: str | None) -> str | None:
    return marked(text, row.certainty.get(name))


def print_facets(counts_by_field: Mapping[str, Any]) -> None:
    """How many sounds there are of each kind, role, key ...: a table for each that is known of any."""
    note(counted(counts_by_field["total"], "sound"))
    for name, counts in counts_by_field.items():
        if name != "total" and counts:
            heading, words = _FACETS.get(name, (name, str))
            print_table([heading, ("count", "right")], [(words(value), count) for value, count in counts.items()])
