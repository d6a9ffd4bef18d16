"""Analyzers of pitches that sound together: tuning, chroma, key and chords."""

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.harmony.analyzers import ChordsOfRegion, KeyOfRegion, PitchContent

ANALYZERS: tuple[Analyzer, ...] = (PitchContent(), KeyOfRegion(), ChordsOfRegion())
