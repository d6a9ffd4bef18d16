"""``sonoteca match reject``: a match that was turned down."""

from __future__ import annotations

from sonoteca.cli.match.choice import CandidateArgument, QueryArgument, RegionOption, RoleOption, choose
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption


def reject(
    query: QueryArgument,
    candidate: CandidateArgument,
    region: RegionOption = 0,
    role: RoleOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remember that a match was turned down.

    `sonoteca match tune` learns from it.
    """
    choose(query, candidate, region, role, library, liked=False, as_json=as_json)
