"""How people and programs write a tempo, and how it is told.

Read are "128", "127,5", "120.0 bpm", "BPM: 174", and "12850" for 128.50.
"""

from __future__ import annotations

import re
import unicodedata

# No music is written outside; a tag beyond is a typing error or another unit.
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
# Tempi are counted in buckets, named by their lower end: 120 holds 120 up to but not including 130 bpm.
TEMPO_BUCKET_BPM = 10
_TEMPO = re.compile(
    r"(?:bpm\s*[:=]?\s*)?(?P<number>\d{1,5}(?:[.,]\d{1,12})?)\s*(?:b\.?p\.?m\.?|beats per minute)?", re.IGNORECASE
)
_LEVELS = {0.5: "at half tempo", 2.0: "at double tempo"}


def read_tempo_words(text: str, *, slowest: float = SLOWEST_BPM, fastest: float = FASTEST_BPM) -> float | None:
    """Beats per minute from ``slowest`` to ``fastest``; None for what is no tempo.

    A whole number of five digits counts hundredths, which some programs store because tags used to hold no fractions.

    >>> read_tempo_words("128 BPM"), read_tempo_words("127,5"), read_tempo_words("12850")
    (128.0, 127.5, 128.5)
    >>> read_tempo_words("0"), read_tempo_words("fast"), read_tempo_words("1285"), read_tempo_words("120-128")
    (None, None, None, None)
    """
    match = _TEMPO.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        return None
    number = match["number"]
    bpm = int(number) / 100.0 if len(number) == 5 and number.isdigit() else float(number.replace(",", "."))
    return bpm if slowest <= bpm <= fastest else None


def tempo_number(bpm: float) -> str:
    """Beats per minute as they are shown: with a decimal where the tempo has one.

    >>> tempo_number(124.0), tempo_number(123.999), tempo_number(87.46)
    ('124', '124', '87.5')
    """
    return f"{bpm:.1f}".removesuffix(".0")


def level_words(level: float) -> str:
    """How a sound goes with another that has one beat to ``level`` of its own; empty where both count alike.

    >>> level_words(0.5), level_words(2.0), level_words(1.0)
    ('at half tempo', 'at double tempo', '')
    """
    return _LEVELS.get(level, "")
