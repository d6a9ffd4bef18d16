"""The fixtures of ``catalogue_fixtures``."""

from catalogue_fixtures import (
    blank_file,
    library,
    library_location,
    postgres_admin,
    postgres_library_url,
    postgres_server,
)

__all__ = ["blank_file", "library", "library_location", "postgres_admin", "postgres_library_url", "postgres_server"]
