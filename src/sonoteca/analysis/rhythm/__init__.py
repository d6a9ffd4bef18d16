"""Tempo, beats, bars, meter, pulse."""

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.rhythm.analyzers import BarRhythm, OnsetDensity, PulseClarity

ANALYZERS: tuple[Analyzer, ...] = (BarRhythm(), PulseClarity(), OnsetDensity())
