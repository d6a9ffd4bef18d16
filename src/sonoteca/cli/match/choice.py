"""What ``sonoteca match accept`` and ``match reject`` share."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.options import open_listener, open_named_library
from sonoteca.domain.vocabulary import Role

QueryArgument = Annotated[str, typer.Argument(metavar="QUERY", help="The sound or file that was matched.")]
CandidateArgument = Annotated[str, typer.Argument(metavar="CANDIDATE", help="The sound that was offered for it.")]
RegionOption = Annotated[
    int,
    typer.Option(
        "--region", min=0, metavar="NUMBER", help="Say which region of CANDIDATE was offered; 0 is the whole."
    ),
]
RoleOption = Annotated[Role | None, typer.Option(metavar="ROLE", help="Say which role was asked for.")]


def choose(
    query: str, candidate: str, region: int, role: Role | None, library: str | None, *, liked: bool, as_json: bool
) -> None:
    """Keep what somebody said of a match."""
    import sonoteca
    from sonoteca.cli.output import note, print_json

    request = sonoteca.ChoiceRequest(query=query, candidate=candidate, candidate_region=region, liked=liked, role=role)
    with open_named_library(library, mode="write") as opened, open_listener() as listener:
        answer = sonoteca.choose_match(opened, request, listener=listener)
    if as_json:
        print_json(answer.as_json())
    else:
        note(f"{'accepted' if liked else 'rejected'}: {answer.choice.candidate} for {answer.choice.query}")
