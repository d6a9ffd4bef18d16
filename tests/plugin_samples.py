"""Entry point targets that keep no contract."""

from __future__ import annotations


def not_analyzers() -> tuple[object, ...]:
    return ("a string is no analyzer",)
