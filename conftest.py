"""Fixtures that every test may ask for: libraries on SQLite and PostgreSQL."""

pytest_plugins = ("catalogue_fixtures",)
