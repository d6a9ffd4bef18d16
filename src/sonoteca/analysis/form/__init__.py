"""How it is built: energy, sections, cues, and whether its end flows into its start."""

from sonoteca.analysis.analyzer import Analyzer

ANALYZERS: tuple[Analyzer, ...] = ()
