"""The fixtures of ``catalogue_fixtures`` for the tests in this folder."""

from catalogue_fixtures import (
    blank_file,
    library,
    library_location,
    location,
    postgres_admin,
    postgres_library_url,
    postgres_server,
    postgres_url,
)

__all__ = [
    "blank_file",
    "library",
    "library_location",
    "location",
    "postgres_admin",
    "postgres_library_url",
    "postgres_server",
    "postgres_url",
]
