"""The tables of lists and of what a list divides into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sonoteca.cli.output import clock, note, print_table

if TYPE_CHECKING:
    from sonoteca import SoundRow


def print_listing(rows: Sequence[SoundRow]) -> None:
    """Rows as a table."""
    print_table(
        ["id", "kind", "role", ("bpm", "right"), "key", ("LUFS", "right"), ("length", "right"), "tags", "path"],
        [
            (
                row.id if not row.region else f"{row.id} #{row.region}",
                row.kind if row.status == "analysed" else row.status,
                row.sound_class or row.role,
                None if row.tempo_bpm is None else f"{row.tempo_bpm:.4g}",
                None if row.key is None else f"{row.key.name} {row.key.camelot}",
                None if row.loudness_lufs is None else f"{row.loudness_lufs:.1f}",
                clock(row.duration_s),
                ", ".join(row.tags) or None,
                row.path or row.title,
            )
            for row in rows
        ],
    )


def print_facets(counted: Mapping[str, Any]) -> None:
    """How many sounds there are of each kind, role, key ...: a table for each that is known of any."""
    note(f"{counted['total']} sounds")
    for name, counts in counted.items():
        if name != "total" and counts:
            print_table([name, ("count", "right")], counts.items())
