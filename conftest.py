"""Fixtures that every test may ask for: libraries on SQLite and PostgreSQL."""

pytest_plugins = ("drawn_examples", "catalogue_fixtures")
