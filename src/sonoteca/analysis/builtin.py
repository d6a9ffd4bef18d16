"""The analyzers that ship with Sonoteca. They come through the same door as plugins' do."""

from __future__ import annotations

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.beatwise import ANALYZERS as BEATWISE
from sonoteca.analysis.form import ANALYZERS as FORM
from sonoteca.analysis.harmony import ANALYZERS as HARMONY
from sonoteca.analysis.labels import ANALYZERS as LABELS
from sonoteca.analysis.level import ANALYZERS as LEVEL
from sonoteca.analysis.melody import ANALYZERS as MELODY
from sonoteca.analysis.rhythm import ANALYZERS as RHYTHM
from sonoteca.analysis.timbre import ANALYZERS as TIMBRE


def builtin_analyzers() -> tuple[Analyzer, ...]:
    """All shipped analyzers, in no order that matters: the engine orders them."""
    return (*LABELS, *RHYTHM, *HARMONY, *MELODY, *LEVEL, *TIMBRE, *FORM, *BEATWISE)
