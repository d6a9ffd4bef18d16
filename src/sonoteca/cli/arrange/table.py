"""The table of an arrangement: its grid, and a line for each clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonoteca.cli.output import clock, note, print_json, print_pairs, print_table
from sonoteca.cli.sound_names import marked
from sonoteca.cli.table import Column
from sonoteca.domain.tempo_words import tempo_number

if TYPE_CHECKING:
    from sonoteca import ArrangeAnswer


def print_arrangement(answer: ArrangeAnswer, *, as_json: bool) -> None:
    """Print an arrangement for a person or a program; sounds that are missing are named."""
    if as_json:
        print_json(answer.as_json())
        return
    arrangement = answer.arrangement
    key = arrangement.key
    print_pairs(
        {
            "id": arrangement.public_id,
            "title": arrangement.title,
            "tempo": f"{tempo_number(arrangement.tempo_bpm)} bpm, {arrangement.beats_per_bar} beats to the bar",
            "key": None if key is None else f"{key.name} ({key.camelot})",
            "length": f"{arrangement.bars} bars, {clock(arrangement.duration_s)}",
            "seed": arrangement.seed,
            "muted": ", ".join(sorted(arrangement.muted)) or None,
            "locked": ", ".join(f"{role}@{section}" for role, section in sorted(arrangement.locked)) or None,
        }
    )
    print_table(
        [
            "section", ("bar", "right"), ("bars", "right"), "role", Column("sound", "name", least=12),
            Column("loop", "right", spare=3), ("tempo", "right"), ("shift", "right"), Column("gain", "right", spare=2),
            Column("fit", "right", spare=1), ("why", "below"),
        ],
        [
            (
                arrangement.section_at(clip.start_bar).name,
                f"{clip.start_bar + 1:g}",
                f"{clip.bars:g}",
                _role_text(answer, clip.content_hash, clip.role),
                answer.sources[clip.content_hash].name,
                f"{arrangement.pass_bars(clip):g}",
                f"{100 * (clip.tempo_ratio - 1):+.1f} %",
                f"{clip.semitone_shift:+d}" if clip.semitone_shift else "0",
                f"{clip.gain_db:+.1f} dB",
                None if clip.score is None else f"{clip.score:.2f}",
                # The first reason is about tempo, which has a column.
                " ".join(clip.reasons[1:] or clip.reasons),
            )
            for clip in arrangement.clips
        ],
    )  # fmt: skip
    notes = arrangement.details.get("notes")
    for sentence in notes if isinstance(notes, list) else []:
        note(str(sentence))
    for source in answer.missing:
        note(f"missing: {source.shown} ({source.why_missing})")


def _role_text(answer: ArrangeAnswer, content_hash: str, role: str) -> str | None:
    """The role that a sound plays here, with a question mark where it is only likely to be the sound's."""
    source = answer.sources[content_hash]
    return marked(role, source.role_certainty if source.role == role else None)
