"""Examples below the help of a command: lines that can be typed as they stand."""

from __future__ import annotations


def examples(*calls: str) -> str:
    r"""The end of a help text; ``\b`` keeps its lines as they are.

    >>> print(examples("list kind:loop").replace("\b", ""))
    <BLANKLINE>
    Examples:
      sonoteca list kind:loop
    """
    return "\n".join(["\b", "Examples:", *(f"  sonoteca {call}" for call in calls)])
