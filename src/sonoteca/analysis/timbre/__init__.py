"""How it sounds: brightness, warmth, noisiness, roughness, attack and decay."""

from sonoteca.analysis.analyzer import Analyzer

ANALYZERS: tuple[Analyzer, ...] = ()
