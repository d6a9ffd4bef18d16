"""The analyzers that ship with Sonoteca. They come through the same door as plugins' do."""

from __future__ import annotations

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.form import ANALYZERS as FORM
from sonoteca.analysis.level import ANALYZERS as LEVEL
from sonoteca.analysis.timbre import ANALYZERS as TIMBRE


def builtin_analyzers() -> tuple[Analyzer, ...]:
    """All shipped analyzers, in no order that matters: the engine orders them."""
    return (*LEVEL, *TIMBRE, *FORM)
