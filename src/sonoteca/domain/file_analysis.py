"""What a worker is asked and what it answers: how to listen, to which file, and everything that was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Who only says how to listen loads no NumPy for it.
    from sonoteca.domain.audio_info import AudioInfo
    from sonoteca.domain.claim import Claim
    from sonoteca.domain.embedding import Embedding
    from sonoteca.domain.observation import Observation
    from sonoteca.domain.sound_analysis import SoundAnalysis

# Every analyzer and embedder that entry points offer, ours among them; only workers import these.
INSTALLED_ANALYZERS = "sonoteca.plugins:installed_analyzers"
INSTALLED_EMBEDDERS = "sonoteca.plugins:installed_embedders"
NO_EMBEDDERS = "sonoteca.ingest.listen:no_embedders"
# Quiet that ends an event region, and the least length of one, in seconds.
DEFAULT_GAP_S = 0.5
DEFAULT_MIN_REGION_S = 0.05


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """How to listen: everything besides the audio that shapes a result.

    ``analyzers`` and ``embedders`` are factories without arguments, "package.module:function"; by
    default all that are installed, so a program and the command line hear alike.
    """

    analyzers: str = INSTALLED_ANALYZERS
    embedders: str = INSTALLED_EMBEDDERS
    gap_s: float = DEFAULT_GAP_S
    min_region_s: float = DEFAULT_MIN_REGION_S
    trust_names: bool = False

    def without_embedders(self) -> AnalysisSettings:
        """The same for those who only want to analyse."""
        return replace(self, embedders=NO_EMBEDDERS)


@dataclass(frozen=True, slots=True)
class AnalysisOrder:
    """One file to listen to. ``stated`` is what a person said about it and analyzers may build on."""

    path: str
    settings: AnalysisSettings
    stated: tuple[Observation, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FileAnalysis:
    """What one pass over one file found; picklable.

    ``embeddings`` holds, per space id, one list per region in the order of ``analysis.regions``;
    ``failed_spaces`` why the lists of a space are empty although its embedder was asked; ``stated``
    is the order's.
    """

    info: AudioInfo
    analysis: SoundAnalysis
    claims: tuple[Claim, ...]
    warnings: tuple[str, ...]
    embeddings: Mapping[str, Sequence[Sequence[Embedding]]] = field(default_factory=dict)
    failed_spaces: Mapping[str, str] = field(default_factory=dict)
    stated: tuple[Observation, ...] = ()
