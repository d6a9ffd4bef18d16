"""What a worker is told to do with one file.

Functions are named to workers and called there. These import what they need when they are called, so
that a program that only tells a worker what to do loads neither NumPy nor a decoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonoteca.domain.file_analysis import AnalysisOrder, AnalysisSettings

if TYPE_CHECKING:
    from sonoteca.domain.claim import Claim
    from sonoteca.domain.file_analysis import FileAnalysis
    from sonoteca.domain.sound_object import JsonObject
    from sonoteca.ingest.identified import Identified
    from sonoteca.ingest.producers import Producers


def prepare(settings: AnalysisSettings) -> None:
    """Load all that analysing a file needs: modules, analyzers, embedders and their weights."""
    from sonoteca.ingest.listen import analyzers_of, embedders_of

    analyzers_of(settings)
    embedders_of(settings)


def producers(settings: AnalysisSettings) -> Producers:
    """See ``listen.producers_of``."""
    from sonoteca.ingest.listen import producers_of

    return producers_of(settings)


def identify(paths: tuple[str, ...]) -> list[Identified]:
    """See ``identify.identify``."""
    from sonoteca.ingest.identify import identify as identified

    return identified(paths)


def claimed_lengths(paths: tuple[str, ...]) -> list[float | None]:
    """See ``identify.claimed_lengths``."""
    from sonoteca.ingest.identify import claimed_lengths as lengths

    return lengths(paths)


def read_claims(paths: tuple[str, ...]) -> list[tuple[Claim, ...] | None]:
    """See ``identify.read_claims``."""
    from sonoteca.ingest.identify import read_claims as claims

    return claims(paths)


def analyze(order: AnalysisOrder) -> FileAnalysis:
    """Everything about one file (``listen.listen``)."""
    from sonoteca.ingest.listen import listen

    return listen(order)


def describe(order: AnalysisOrder) -> JsonObject:
    """The sound object of one file; its ``path`` is as given."""
    from sonoteca.ingest.describe_file import describe_file

    return describe_file(order)


def check(path: str) -> None:
    """Raise if a file is no audio that is opened; nothing of it is decoded."""
    from sonoteca.audio.probe import probe

    probe(path)
