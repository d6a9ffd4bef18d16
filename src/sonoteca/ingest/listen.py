"""What a worker does with one file: decode once, compute every declared feature once, analyse, embed.

The order names analyzers and embedders by importable factories (``package.module:function``),
so that only workers import them and a plugin needs no pickling.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonoteca.analysis import engine
from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.engine import analyze_recording, declared_features
from sonoteca.audio.decode import open_recording
from sonoteca.audio.recording import Recording
from sonoteca.audio.signal import ANALYSIS_RATE
from sonoteca.domain.claim import Claim, claimed_observations
from sonoteca.domain.descriptor import Descriptor
from sonoteca.domain.embedding import Embedding
from sonoteca.domain.file_analysis import AnalysisOrder, AnalysisSettings, FileAnalysis
from sonoteca.domain.observation import Observation
from sonoteca.domain.precedence import winning
from sonoteca.domain.region import Region
from sonoteca.embedding.embedder import Embedder, SpanInput, Vector
from sonoteca.embedding.spans import batches_for, embeddings_of
from sonoteca.features.feature import Feature
from sonoteca.features.feature_pass import compute_features
from sonoteca.features.frame_series import FrameSeries
from sonoteca.ingest.producers import Producers


@dataclass(frozen=True, slots=True, eq=False)
class EmbedOrder:
    """A batch for one embedder: of the factory ``embedders``, the one that fills ``space_id``. Picklable without frames."""

    embedders: str
    space_id: str
    batch: tuple[SpanInput, ...]


def embed(order: EmbedOrder) -> Sequence[Vector | None]:
    """A vector per span of the batch; ValueError where the embedder gives another number of answers."""
    (embedder,) = [each for each in _made_by(order.embedders) if each.space.id == order.space_id]
    found: Sequence[Vector | None] = embedder.embed(order.batch)
    if len(found) != len(order.batch):
        raise ValueError(f"{len(found)} answers for {len(order.batch)} spans")
    return found


def listen(
    order: AnalysisOrder, *, embed_elsewhere: Callable[[EmbedOrder], Sequence[Vector | None]] = embed
) -> FileAnalysis:
    """Listen to one file.

    Parameters
    ----------
    embed_elsewhere : callable
        What embeds the batches of those embedders that hear samples: ``embed`` in this very process, or one that
        sends the order to where a model stands and waits. Those that hear frames embed here, in the one pass.

    Raises
    ------
    AudioError
        The file cannot become sound.
    SonotecaError, ValueError
        The set of analyzers is invalid. No single analyzer's or embedder's failure raises.
    """
    settings = order.settings
    analyzers = analyzers_of(settings)
    embedders = embedders_of(settings)
    with open_recording(order.path, rates=_rates(analyzers, embedders)) as recording:
        frames = compute_features(
            recording.read,
            n_samples=recording.n_samples,
            sample_rate=ANALYSIS_RATE,
            features=_features(analyzers, embedders),
        )
        analysis = analyze_recording(
            recording,
            frames,
            analyzers,
            gap_s=settings.gap_s,
            min_region_s=settings.min_region_s,
            known_values=_known_values(order, recording.claims),
        )
        regions = [part.region for part in analysis.regions]
        warnings = list(recording.warnings)
        embeddings: dict[str, Sequence[Sequence[Embedding]]] = {}
        failed: dict[str, str] = {}
        for embedder in embedders:
            try:
                embeddings[embedder.space.id] = _embedded(
                    embedder, settings.embedders, recording, frames, regions, embed_elsewhere
                )
            except MemoryError:
                raise  # the worker's limit, not the embedder's fault
            except Exception as error:
                # As with analyzers, one that fails costs its own answers; the audit counts the gap.
                embeddings[embedder.space.id] = [[] for _ in regions]
                failed[embedder.space.id] = f"{type(error).__name__}: {error}"[:500]
                warnings.append(f"embedder {embedder.space.model} failed: {type(error).__name__}: {error}"[:500])
        return FileAnalysis(
            recording.info, analysis, recording.claims, tuple(warnings), embeddings, failed, order.stated
        )


def _embedded(
    embedder: Embedder,
    factory: str,
    recording: Recording,
    frames: Mapping[Feature, FrameSeries],
    regions: Sequence[Region],
    embed_elsewhere: Callable[[EmbedOrder], Sequence[Vector | None]],
) -> Sequence[Sequence[Embedding]]:
    """What the embedder found, if it is what it promised; ValueError otherwise."""
    send = embed if embedder.features else embed_elsewhere
    space = embedder.space
    space_id = space.id

    def answered() -> Iterator[tuple[SpanInput, Vector | None]]:
        for batch in batches_for(embedder, recording, frames, regions):
            yield from zip(batch, send(EmbedOrder(factory, space_id, batch)), strict=True)

    return embeddings_of(space, regions, answered())


def _known_values(order: AnalysisOrder, claims: tuple[Claim, ...]) -> dict[Descriptor, Observation]:
    # A claim has no date yet, so it beats what the same file claimed before it was retagged.
    believed = winning((*order.stated, *claimed_observations(claims)), trust_names=order.settings.trust_names)
    return {observation.descriptor: observation for observation in believed.values()}


def producers_of(settings: AnalysisSettings) -> Producers:
    """Identities and spaces that ``listen`` fills with these settings."""
    identities = engine.identities(analyzers_of(settings), gap_s=settings.gap_s, min_region_s=settings.min_region_s)
    return Producers(identities, tuple(embedder.space for embedder in embedders_of(settings)))


def analyzers_of(settings: AnalysisSettings) -> tuple[Analyzer, ...]:
    return _made_by(settings.analyzers)


def embedders_of(settings: AnalysisSettings) -> tuple[Embedder, ...]:
    return _made_by(settings.embedders)


def no_embedders() -> tuple[Embedder, ...]:
    """A factory for those who only want to analyse."""
    return ()


@functools.cache
def _made_by(factory: str) -> tuple[Any, ...]:
    """Instances from a factory's name; made once per process, because some load weights."""
    module, _, name = factory.partition(":")
    if not module or not name:
        raise ValueError(f"a factory is named 'package.module:function', got {factory!r}")
    return tuple(getattr(importlib.import_module(module), name)())


def _features(analyzers: Sequence[Analyzer], embedders: Sequence[Embedder]) -> tuple[Feature, ...]:
    of_embedders = [feature for embedder in embedders for feature in embedder.features]
    return tuple(dict.fromkeys([*declared_features(analyzers), *of_embedders]))


def _rates(analyzers: Sequence[Analyzer], embedders: Sequence[Embedder]) -> frozenset[int]:
    """Rates at which samples will be asked for."""
    of_embedders = [embedder.sample_rate for embedder in embedders if not embedder.features]
    return frozenset([*of_embedders, *(getattr(analyzer, "sample_rate", ANALYSIS_RATE) for analyzer in analyzers)])
