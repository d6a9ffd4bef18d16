"""Dates and ages in queries, as ranges of stored moments."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sonoteca.catalogue.store.clock import moment

_AGE = re.compile(r"(\d{1,5})(min|h|d|w|mo|y)")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    # Ages are for people: a month is 30 days, a year 365.
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}


def date_range(text: str, now: datetime) -> tuple[str | None, str | None]:
    """The half-open range of stored moments that ``text`` means; None is no bound.

    A date is a day, a month or a year in the time zone of ``now``; an age such as ``7d`` is the
    moment that long ago, and alone means since then. ``>`` is later, ``<`` is earlier.

    >>> from datetime import UTC
    >>> date_range("2026-11", datetime(2026, 11, 20, tzinfo=UTC))
    ('2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z')

    Raises
    ------
    ValueError
        With a sentence, for anything else.
    """
    for operator in (">=", "<=", ">", "<"):
        if text.startswith(operator):
            start, end = _span(text[len(operator) :], now)
            return {">=": (start, None), ">": (end, None), "<": (None, start), "<=": (None, end)}[operator]
    if ".." in text:
        first, _, last = text.partition("..")
        if not first and not last:
            raise ValueError("a range needs at least one end: 2026-01..2026-03, 30d..7d")
        low = _span(first, now)[0] if first else None
        high = _span(last, now)[1] if last else None
        if low is not None and high is not None and low > high:
            raise ValueError(f"the range {text} runs backwards")
        return low, high
    start, end = _span(text, now)
    return (start, None) if start == end else (start, end)


def _span(text: str, now: datetime) -> tuple[str, str]:
    """First moment, and first moment after; an age is one moment."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    word = text.lower()
    if word == "today":
        return moment(today), moment(today + timedelta(days=1))
    if word == "yesterday":
        return moment(today - timedelta(days=1)), moment(today)
    if match := _AGE.fullmatch(word):
        try:
            at = moment(now - int(match[1]) * _UNITS[match[2]])
        except OverflowError as error:
            raise ValueError(f"{text!r} is longer ago than dates reach") from error
        return at, at
    if match := _DATE.fullmatch(word):
        year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
        try:
            start = today.replace(year=year, month=month, day=day)
            if match[3]:
                end = start + timedelta(days=1)
            elif match[2]:
                end = start.replace(year=year + month // 12, month=month % 12 + 1)
            else:
                end = start.replace(year=year + 1)
            return moment(start), moment(end)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"there is no date {text}") from error
    raise ValueError(f"{text!r} is not a date: write 7d, 2w, 2026-11-20, 2026-11, today, or a range of them")
