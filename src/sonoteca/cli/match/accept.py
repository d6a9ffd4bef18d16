"""``sonoteca match accept``: a match that was taken."""

from __future__ import annotations

from sonoteca.cli.match.choice import CandidateArgument, QueryArgument, RegionOption, RoleOption, choose
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption


def accept(
    query: QueryArgument,
    candidate: CandidateArgument,
    region: RegionOption = 0,
    role: RoleOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remember that a match was taken.

    `sonoteca match tune` learns from it.
    """
    choose(query, candidate, region, role, library, liked=True, as_json=as_json)
