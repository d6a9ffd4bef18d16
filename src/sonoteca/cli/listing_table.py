"""The tables of lists and of what a list divides into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sonoteca.cli.output import clock, counted, note, print_table
from sonoteca.cli.sound_names import key_text, kind_text, marked, names_of, price_text, tempo_number
from sonoteca.cli.table import Column, ColumnLike

if TYPE_CHECKING:
    from sonoteca import SoundRow


def print_listing(rows: Sequence[SoundRow], ids: Mapping[str, str], *, with_shop: bool = False) -> None:
    """Rows as a table, a shop's number and price too if wanted; ``ids`` are the short ones of the library."""
    shop: list[ColumnLike] = ["number", Column("price", "right")] if with_shop else []
    print_table(
        [
            "id", "kind", "role", "class", ("bpm", "right"), "key", Column("LUFS", "right", spare=2),
            ("length", "right"), Column("tags", spare=1), *shop,
            Column("sound", "name", least=20),
        ],
        [
            (
                ids[row.id] if not row.region else f"{ids[row.id]} #{row.region}",
                _state_text(row),
                _marked(row, "role", row.role),
                _marked(row, "sound_class", row.sound_class),
                _marked(row, "bpm", tempo_number(row.tempo_bpm)),
                _marked(row, "key", key_text(row.key)),
                None if row.loudness_lufs is None else f"{row.loudness_lufs:.1f}",
                clock(row.duration_s),
                ", ".join(row.tags) or None,
                *((row.external_id, price_text(row.price, row.currency)) if with_shop else ()),
                name,
            )
            for row, name in zip(rows, names_of(rows), strict=True)
        ],
    )  # fmt: skip


def _state_text(row: SoundRow) -> str | None:
    """The kind, unless something else has to be known first."""
    if row.is_missing:
        return "missing"
    return _marked(row, "kind", kind_text(row.kind)) if row.status == "analysed" else row.status


def _marked(row: SoundRow, name: str, text: str | None) -> str | None:
    return marked(text, row.certainty.get(name))


def print_facets(counts_by_field: Mapping[str, Any]) -> None:
    """How many sounds there are of each kind, role, key ...: a table for each that is known of any."""
    note(counted(counts_by_field["total"], "sound"))
    for name, counts in counts_by_field.items():
        if name != "total" and counts:
            print_table([name, ("count", "right")], counts.items())
