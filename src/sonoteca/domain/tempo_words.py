"""How people and programs write a tempo: "128", "127,5", "120.0 bpm", "BPM: 174", "12850" for 128.50."""

from __future__ import annotations

import re
import unicodedata

# No music is written outside; a tag beyond is a typing error or another unit.
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
_TEMPO = re.compile(
    r"(?:bpm\s*[:=]?\s*)?(?P<number>\d{1,5}(?:[.,]\d{1,12})?)\s*(?:b\.?p\.?m\.?|beats per minute)?", re.IGNORECASE
)


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
