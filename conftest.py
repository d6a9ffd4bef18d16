"""Fixtures that every test may ask for: libraries on SQLite and PostgreSQL; and how the suite draws and skips."""

pytest_plugins = ("drawn_examples", "listed_skips", "catalogue_fixtures")
