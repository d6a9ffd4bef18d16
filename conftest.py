"""Fixtures that every test may ask for: libraries on SQLite and PostgreSQL; and how the suite draws, skips and types."""

import os

pytest_plugins = ("drawn_examples", "listed_skips", "catalogue_fixtures", "command_line_once")

# Sentences are wrapped for a shell that says how wide it is; tests read them whole.
os.environ.pop("COLUMNS", None)
