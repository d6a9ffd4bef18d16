"""Analyzers of how loud a sound is, and of what is wrong with its recording."""

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.level.loudness import Loudness
from sonoteca.analysis.level.quality import Quality

ANALYZERS: tuple[Analyzer, ...] = (Loudness(), Quality())
