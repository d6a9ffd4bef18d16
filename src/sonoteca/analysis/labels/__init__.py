"""Names for what is heard: kind, role, sound class, content, events, instrument."""

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.labels.kind import KindOfRegion

ANALYZERS: tuple[Analyzer, ...] = (KindOfRegion(),)
