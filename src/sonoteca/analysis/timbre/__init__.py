"""Analyzers of how a sound sounds: brightness, warmth, noisiness, roughness, attack and decay."""

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.timbre.envelope import AttackDecay
from sonoteca.analysis.timbre.roughness import Roughness
from sonoteca.analysis.timbre.spectrum import SpectralColour

ANALYZERS: tuple[Analyzer, ...] = (SpectralColour(), Roughness(), AttackDecay())
