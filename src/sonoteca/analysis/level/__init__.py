"""How loud it is, and what is wrong with the recording."""

from sonoteca.analysis.analyzer import Analyzer

ANALYZERS: tuple[Analyzer, ...] = ()
