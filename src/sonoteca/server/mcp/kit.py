"""Whether the software development kit of the protocol, which comes with an extra, is installed."""

from __future__ import annotations

import importlib.util

SENTENCE, REMEDY = "This installation cannot serve assistants: it lacks mcp.", "pip install 'sonoteca[mcp]'"


def has_kit() -> bool:
    """Whether it can be imported; it is not."""
    try:
        return importlib.util.find_spec("mcp") is not None
    except ValueError:
        # Somebody put nothing in its place.
        return False
