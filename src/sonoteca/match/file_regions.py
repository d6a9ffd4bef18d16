"""A file that is in no library becomes a region table like any sound of it."""

from __future__ import annotations

from sonoteca.catalogue.heard.summaries import summary_of
from sonoteca.domain.certainty import decide
from sonoteca.domain.claim import claimed_observations
from sonoteca.domain.file_analysis import FileAnalysis
from sonoteca.domain.names import public_id
from sonoteca.domain.precedence import winning
from sonoteca.match.load_regions import believed_values
from sonoteca.match.region_table import RegionStatement, RegionTable, region_table_of


def regions_of_file(heard: FileAnalysis, *, space_id: str | None = None) -> RegionTable:
    """Make the table of the regions of a file that is in no library, the whole first.

    ``space_id`` names the space of the library that it will be compared with; None takes the first.
    """
    space_id = next(iter(heard.embeddings), None) if space_id is None else space_id
    vectors = heard.embeddings.get(space_id or "", [])
    claims = tuple(claimed_observations(heard.claims))
    statements = []
    for number, part in enumerate(heard.analysis.regions):
        believed = winning((*part.observations, *(claims if part.region.is_whole else ())))
        stated = decide(believed, part.region.end_s - part.region.start_s).stated
        whole = [each for each in (vectors[number] if number < len(vectors) else ()) if not each.is_window]
        columns = summary_of(stated) | {
            "id": public_id(heard.info.content_hash),
            "content_hash": heard.info.content_hash,
            "number": part.region.number,
            "start_s": part.region.start_s,
            "end_s": part.region.end_s,
        }
        statements.append(RegionStatement(columns, believed_values(stated), whole[0].vector if whole else None))
    return region_table_of(statements, space_id=space_id)
