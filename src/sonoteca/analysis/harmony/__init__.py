"""Which pitches sound together, and around which they turn: tuning, key, chords."""

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.harmony.analyzers import ChordsOfRegion, KeyOfRegion, PitchContent

ANALYZERS: tuple[Analyzer, ...] = (PitchContent(), KeyOfRegion(), ChordsOfRegion())
