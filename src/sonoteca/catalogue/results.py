"""Storing what workers found: many sounds in one transaction, read back and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from sonoteca.analysis.engine import Identity, SoundAnalysis
from sonoteca.audio.recording import AudioInfo, Claim
from sonoteca.domain.embedding import Embedding, Space


@dataclass(frozen=True, slots=True, eq=False)
class SoundResult:
    """Everything that one pass over one file found.

    Attributes
    ----------
    sound_id : int
        From ``locations.record_files``.
    info : AudioInfo
        Its content hash must be the sound's.
    analysis : SoundAnalysis
    claims : tuple of Claim
        What the file says about itself; stored as source ``import``, title/artist/album on the sound.
    embeddings : mapping of space id to a list per region
        As ``Embedder.embed`` gives them: in the order of ``analysis.regions``, possibly empty lists.
        A space that is absent here was not computed and stays as it was.
    warnings : tuple of str
        The recording's; the analysis' own are added.
    """

    sound_id: int
    info: AudioInfo
    analysis: SoundAnalysis
    claims: tuple[Claim, ...] = ()
    embeddings: Mapping[str, Sequence[Sequence[Embedding]]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def store_results(
    connection: Connection,
    results: Sequence[SoundResult],
    *,
    identities: Sequence[Identity],
    spaces: Sequence[Space] = (),
    trust_names: bool = False,
    owner: str | None = None,
) -> None:
    """Store all of ``results`` or, if anything is raised, none: call it in one write transaction.

    What analyzers and files said before is replaced; what a user said stays. Event regions that
    are found again at the same place keep their row; those a user edited are kept in any case.
    Summaries and words are derived anew, the sounds become ``analysed``, and the leases of
    ``owner`` on them are released.

    Parameters
    ----------
    identities : sequence of Identity
        Today's producers (``engine.identities``): the sounds count as complete for them.
    spaces : sequence of Space
        The spaces that ``embeddings`` may name.
    trust_names : bool
        Let what file names claim rank with tags instead of below the analyzers.

    Raises
    ------
    WriteSwallowed
        If the rows that are there afterwards are not those that were written.
    SpaceMismatch
        If a vector's length or space is not that of the space it is filed under.
    """
    raise NotImplementedError
