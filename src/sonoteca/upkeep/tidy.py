"""A long-lived program tidies its library now and then, so that nothing beside it grows for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sonoteca.catalogue.store.leases import remove_expired
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import LibraryBusy

_WAIT_S = 2.0


@dataclass(frozen=True, slots=True)
class TidyAnswer:
    """What was tidied.

    Attributes
    ----------
    log_bytes_before, log_bytes_after : int
        Size of SQLite's write-ahead log; 0 where there is none.
    expired_leases : int or None
        Of programs that died; None where another writer was at work.
    """

    log_bytes_before: int
    log_bytes_after: int
    expired_leases: int | None

    @property
    def freed_bytes(self) -> int:
        """What the disk got back."""
        return max(0, self.log_bytes_before - self.log_bytes_after)

    def as_json(self) -> dict[str, Any]:
        return {
            "log_bytes_before": self.log_bytes_before,
            "log_bytes_after": self.log_bytes_after,
            "freed_bytes": self.freed_bytes,
            "expired_leases": self.expired_leases,
        }


def tidy_library(library: Library) -> TidyAnswer:
    """Shorten the write-ahead log and forget leases that ran out; at most a few seconds, whoever else is at work."""
    before = library.log_bytes
    expired = None
    try:
        with library.write(wait_s=_WAIT_S) as connection:
            expired = remove_expired(connection)
    except LibraryBusy:
        # Next time.
        expired = None
    library.shorten_log(wait_s=_WAIT_S)
    return TidyAnswer(before, library.log_bytes, expired)
