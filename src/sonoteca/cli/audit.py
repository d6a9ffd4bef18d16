"""``sonoteca audit``: what is in the library, what is missing from it, what changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library

RootsArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="ROOTS", help="Folders to compare with; without any, the disk is not read."),
]


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("audit", "audit ~/Music --diff"))(audit)


def audit(
    roots: RootsArgument = None,
    diff: Annotated[bool, typer.Option("--diff", help="Print only what changed since the last audit.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count what the library holds, lacks and could not read.

    With ROOTS it is compared with the disk too. Each audit is kept, so that the next can say what changed.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json, print_table
    from sonoteca.cli.sound_names import kind_words
    from sonoteca.errors import LibraryUnwritable

    try:
        opened = open_named_library(library, mode="write")
    except LibraryUnwritable as unwritable:
        # A library on a read-only disk can be counted, but the audit cannot be kept.
        opened = open_named_library(library, mode="read")
        note(f"this audit is not kept: {unwritable.message}")
    with opened:
        answer = sonoteca.audit(opened, sonoteca.AuditRequest(roots=tuple(roots or ())))
    if diff:
        if as_json:
            print_json(answer.changes_as_json())
        elif answer.since is None:
            note("this is the first audit: there is nothing to compare with")
        else:
            print_table(
                ["", ("before", "right"), ("now", "right"), ("change", "right"), "in JSON"],
                [
                    (_count_words(name), old, new, f"{new - old:+d}", name)
                    for name, (old, new) in answer.changes.items()
                ],
                title=f"since {answer.since}" + ("" if answer.changes else ": nothing changed"),
            )
        return
    if as_json:
        print_json(answer.as_json())
        return
    print_table(
        ["", ("count", "right"), "in JSON"],
        [
            (words, answer.counts[name], name)
            for name, words in _IN_WORDS.items()
            # That there is nothing of something needs no line; how many sounds there are is always said.
            if answer.counts[name] or name == "sounds_total" or (answer.request.roots and name == "audio_files_scanned")
        ],
    )
    for name, words in _DIVIDED.items():
        if answer.counts[name]:
            rows = [(kind_words(value), count, name) for value, count in _sorted(answer.counts[name])]
            print_table([words, ("count", "right"), "in JSON"], rows)
    for name, paths in (("missing", answer.missing_files), ("gone, not marked missing", answer.gone_files)):
        if paths:
            print_table([name], [(path,) for path in paths])
    note("--json counts by producer, stage and space as well")


# What is counted, in people's words, by its name in JSON; the first four add up.
_IN_WORDS = {
    "sounds_total": "sounds, as `list` counts them",
    "analysed": "- listened to",
    "pending": "- still to be listened to",
    "failed": "- failed",
    "locations_total": "files known",
    "missing_locations": "- missing now",
    "unreadable_files": "- could not be read",
    "regions_total": "sounds and events in them",
    "embedding_ok": "sounds that can be compared",
    "missing_embedding_ref": "sounds that cannot be compared yet",
    "embedding_gap_total": "sounds and events that cannot be compared yet",
    "pending_embedding_total": "sounds whose comparison is still to be prepared",
    "orphaned_sounds": "sounds without a file",
    "embedding_file_missing": "index files that are gone",
    "audio_files_scanned": "audio files in these folders",
    "missing_meta_total": "- not in the library",
    "stale_meta_paths_total": "known files that are not there any more",
}
_DIVIDED = {"failed_by_reason": "failed sounds and unreadable files", "sounds_by_kind": "kind of those listened to"}


def _count_words(name: str) -> str:
    """What is counted, in people's words: a dot divides what is counted by something.

    >>> _count_words("failed"), _count_words("sounds_by_kind.one_shot"), _count_words("runs_by_producer.x")
    ('failed', 'kind of those listened to: one-shot', 'runs by producer: x')
    """
    from sonoteca.cli.sound_names import kind_words

    whole, _, part = name.partition(".")
    words = _IN_WORDS.get(whole) or _DIVIDED.get(whole) or whole.replace("_", " ")
    return words.removeprefix("- ") + (f": {kind_words(part) if whole in _DIVIDED else part}" if part else "")


def _sorted(counts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
