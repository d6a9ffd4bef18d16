"""``sonoteca match tune``: weights learnt from choices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library

if TYPE_CHECKING:
    from sonoteca import Interval, TuneAnswer


def tune(
    pairs: Annotated[
        Path | None,
        typer.Argument(
            metavar="PAIRS.csv",
            help="Query, candidate, liked (1 or 0). Default: what was accepted and rejected.",
        ),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Use from now on what was learnt, if it is worth it.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn weights from what was liked and disliked.

    The gain is measured on pairs held back.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json

    request = sonoteca.TuneRequest(pairs=None if pairs is None else str(pairs))
    with open_named_library(library, mode="write" if apply else "read") as opened:
        answer = sonoteca.tune_matches(opened, request)
        if not as_json:
            _print_tuning(answer)
        version = sonoteca.keep_tuning(opened, answer.tuning) if apply else None
    if as_json:
        print_json(answer.as_json() | {"version": version})
    elif version is not None:
        note(f"version {version} is in use; `sonoteca match use shipped` goes back")
    elif answer.tuning.is_worth_keeping:
        note("nothing was changed; run again with --apply to use the learnt weights")


def _print_tuning(answer: TuneAnswer) -> None:
    from sonoteca.cli.output import note, print_table

    tuning = answer.tuning
    counts = ", ".join(f"{role.value} {up}+{down}" for role, (up, down) in tuning.counts.items())
    note(f"choices liked+disliked: {counts}; {tuning.n_queries} different sounds were matched")
    print_table(
        ["on pairs held back", ("before", "right"), ("after", "right")],
        [
            ("log loss (a coin: 0.693)", _text(tuning.before.log_loss), _text(tuning.after.log_loss)),
            ("liked above disliked", _text(tuning.before.auc), _text(tuning.after.auc)),
        ],
    )
    for role in tuning.roles:
        old, new = answer.present.roles[role].axes, tuning.weights.roles[role].axes
        print_table(
            [role.value, ("before", "right"), ("after", "right")],
            [(name, f"{old[name]:.2f}", f"{new[name]:.2f}") for name in old if max(old[name], new[name]) >= 0.005],
        )
    note(tuning.verdict())
    if answer.left_out:
        note(f"{answer.left_out} of {answer.choices} pairs left out: gated out, not analysed, or no longer there")


def _text(interval: Interval) -> str:
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
