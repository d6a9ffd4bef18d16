"""``sonoteca match accept|reject|tune|versions|use``: choices, and weights learnt from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.matching import match_app, query_evidence
from sonoteca.cli.options import JsonOption, LibraryOption, open_named_library
from sonoteca.domain.vocabulary import Role

if TYPE_CHECKING:
    from sonoteca.match.tune import Interval, Tuning
    from sonoteca.match.weights import Weights

SHIPPED = "shipped"
QueryArgument = Annotated[str, typer.Argument(metavar="QUERY", help="The sound or file that was matched.")]
CandidateArgument = Annotated[str, typer.Argument(metavar="CANDIDATE", help="The sound that was offered for it.")]
RoleOption = Annotated[Role | None, typer.Option(help="The role that was asked for.")]


def register(app: typer.Typer) -> None:
    """Add these words to the group ``match``, which is registered with ``app`` by its own module."""
    for command in (accept, reject, versions, use):
        match_app.command()(command)
    match_app.command("tune")(tune_weights)


def accept(
    query: QueryArgument,
    candidate: CandidateArgument,
    role: RoleOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remember that this candidate was taken; `sonoteca match tune` learns from it."""
    _choose(query, candidate, role, library, liked=True, as_json=as_json)


def reject(
    query: QueryArgument,
    candidate: CandidateArgument,
    role: RoleOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remember that this candidate was turned down; `sonoteca match tune` learns from it."""
    _choose(query, candidate, role, library, liked=False, as_json=as_json)


def _choose(query: str, candidate: str, role: Role | None, library: str | None, *, liked: bool, as_json: bool) -> None:
    from sonoteca.catalogue.identity.sounds import resolve_sound
    from sonoteca.cli.output import note, print_json
    from sonoteca.errors import RequestError
    from sonoteca.match.choices import Choice, judge, record_choice
    from sonoteca.match.library_weights import library_weights
    from sonoteca.match.load_regions import regions_of_sound

    with open_named_library(library, mode="write") as opened:
        one = query_evidence(opened, query, 0)
        with opened.read() as connection:
            taken = resolve_sound(connection, candidate)
        other = regions_of_sound(opened, taken.id)
        if not len(other):
            raise RequestError(f"{candidate} was not analysed yet.", "Run `sonoteca add`.")
        weights = library_weights(opened)
        said = judge(one, other.take([0]), weights, role=role)
        choice = Choice(one.ids[0], taken.public_id, liked, role, said)
        with opened.write() as connection:
            record_choice(connection, choice, weights_version=weights.version)
    if as_json:
        print_json({"query": choice.query, "candidate": choice.candidate, "liked": liked, "axes": dict(said.axes)})
    else:
        note(f"{'accepted' if liked else 'rejected'}: {choice.candidate} for {choice.query}")


def tune_weights(
    pairs: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PAIRS.csv]",
            help="Table of query, candidate, liked (1 or 0); without it, what was accepted and rejected.",
        ),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Use what was learnt from now on, if it is worth it.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn the weights from liked and disliked pairs, and measure the gain on pairs held back."""
    from sonoteca.cli.output import note, print_json
    from sonoteca.match.choices import examples_of, read_pairs, recorded_choices
    from sonoteca.match.library_weights import keep_tuning, library_weights
    from sonoteca.match.tune import tune

    with open_named_library(library, mode="write" if apply else "read") as opened:
        with opened.read() as connection:
            choices = recorded_choices(connection) if pairs is None else read_pairs(connection, pairs)
        present = library_weights(opened)
        examples, left_out = examples_of(opened, choices, present)
        tuning = tune(examples, present)
        version = None
        if not as_json:
            _print_tuning(tuning, present)
            if left_out:
                note(f"{left_out} of {len(choices)} pairs left out: gated out, not analysed, or no longer there")
        if apply:
            version = keep_tuning(opened, tuning)
    if as_json:
        print_json(tuning.as_json() | {"left_out": left_out, "version": version})
    elif version is not None:
        note(f"version {version} is in use; `sonoteca match use {SHIPPED}` goes back")
    elif tuning.is_worth_keeping:
        note("nothing was changed; run again with --apply to use the learnt weights")


def _print_tuning(tuning: Tuning, present: Weights) -> None:
    from sonoteca.cli.output import note, print_table
    from sonoteca.match.weights import AXES

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
        old, new = present.roles[role].axes, tuning.weights.roles[role].axes
        print_table(
            [role.value, ("before", "right"), ("after", "right")],
            [(name, f"{old[name]:.2f}", f"{new[name]:.2f}") for name in AXES if max(old[name], new[name]) >= 0.005],
        )
    note(tuning.verdict())


def _text(interval: Interval) -> str:
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def versions(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the library's own versions of the weights."""
    from sonoteca.catalogue.made.match_weights import list_weights
    from sonoteca.cli.output import note, print_json, print_table

    with open_named_library(library, mode="read") as opened, opened.read() as connection:
        found = list_weights(connection)
    if as_json:
        rows = [{"version": each.version, "active": each.is_active, "at": each.at, "note": each.note, "toml": each.toml}
                for each in found]  # fmt: skip
        print_json({"versions": rows})
        return
    print_table(
        [("version", "right"), "in use", "made", "why"],
        [(str(each.version), "yes" if each.is_active else "", each.at[:16], each.note) for each in found],
    )
    if not any(each.is_active for each in found):
        note("the shipped weights are in use")


def use(
    version: Annotated[str, typer.Argument(metavar=f"VERSION|{SHIPPED}", help="A number of `match versions`.")],
    library: LibraryOption = None,
) -> None:
    """Match with an older or newer version of the library's weights, or with the shipped ones."""
    from sonoteca.catalogue.made.match_weights import use_weights
    from sonoteca.cli.output import note
    from sonoteca.errors import RequestError

    if version != SHIPPED and not version.isdecimal():
        raise RequestError(f"{version!r} is no version.", f"Write a number, or {SHIPPED}.")
    with open_named_library(library, mode="write") as opened, opened.write() as connection:
        use_weights(connection, None if version == SHIPPED else int(version))
    note(f"{'the shipped weights are' if version == SHIPPED else f'version {version} is'} in use")
