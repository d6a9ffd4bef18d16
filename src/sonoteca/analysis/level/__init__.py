"""How loud it is, and what is wrong with the recording."""

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.level.loudness import Loudness
from sonoteca.analysis.level.quality import Quality

ANALYZERS: tuple[Analyzer, ...] = (Loudness(), Quality())
