"""Names for what is heard: kind, role, sound class, content, events, instrument."""

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.labels.content import ContentTimeline
from sonoteca.analysis.labels.instrument import InstrumentFamily
from sonoteca.analysis.labels.kind import KindOfRegion
from sonoteca.analysis.labels.role import RoleOfRegion
from sonoteca.analysis.labels.sound_class import ClassOfOneShot

ANALYZERS: tuple[Analyzer, ...] = (
    KindOfRegion(),
    ClassOfOneShot(),
    RoleOfRegion(),
    ContentTimeline(),
    InstrumentFamily(),
)
