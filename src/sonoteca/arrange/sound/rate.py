"""The rates that sound is rendered at."""

from __future__ import annotations

from sonoteca.errors import RequestError

DEFAULT_RATE = 44_100
MIN_RATE, MAX_RATE = 8_000, 192_000


def check_rate(sample_rate: int) -> None:
    """Raise RequestError for a rate that sound cannot be rendered at."""
    if not MIN_RATE <= sample_rate <= MAX_RATE:
        remedy = f"Use {MIN_RATE} to {MAX_RATE} Hz."
        raise RequestError(f"{sample_rate} Hz is no rate to render at.", remedy, field="rate")
