"""Which limits are asked of the system; nothing is asked in earnest."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

import pytest

from sonoteca.workers import posix

if sys.platform != "win32":
    import resource

    @pytest.fixture
    def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, tuple[int, int]]]:
        """The limits that were set, in order."""
        limits: list[tuple[int, tuple[int, int]]] = []
        monkeypatch.setattr(resource, "setrlimit", lambda which, pair: limits.append((which, pair)))
        return limits

    def test_no_core_file_is_written_and_the_hard_limit_stays(
        asked: list[tuple[int, tuple[int, int]]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(resource, "getrlimit", lambda which: (99, 1234))
        posix.forbid_core_dumps()

        assert asked == [(resource.RLIMIT_CORE, (0, 1234))]

    def test_the_priority_is_lowered_by_five(monkeypatch: pytest.MonkeyPatch) -> None:
        steps: list[int] = []
        monkeypatch.setattr(os, "nice", steps.append)
        posix.lower_priority()

        assert steps == [5]


if sys.platform == "linux":

    def test_the_address_space_may_grow_by_so_many_megabytes(
        asked: list[tuple[int, tuple[int, int]]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(resource, "getrlimit", lambda which: (99, resource.RLIM_INFINITY))
        posix.limit_address_space(0)
        posix.limit_address_space(1_000_000)

        (which, (small, hard)), (_, (large, _)) = asked
        assert (which, hard) == (resource.RLIMIT_AS, resource.RLIM_INFINITY)
        assert small > 2**20  # what is mapped already
        assert large - small == pytest.approx(1_000_000 * 2**20, rel=1e-3)

    def test_the_address_space_never_passes_the_hard_limit(
        asked: list[tuple[int, tuple[int, int]]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(resource, "getrlimit", lambda which: (99, 5 * 2**20))
        posix.limit_address_space(1_000)

        assert asked == [(resource.RLIMIT_AS, (5 * 2**20, 5 * 2**20))]

    def test_the_end_of_the_parent_kills(monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[tuple[int, ...]] = []

        class System:
            def __init__(self, name: None) -> None:
                pass

            def prctl(self, *arguments: int) -> None:
                calls.append(arguments)

        monkeypatch.setattr(ctypes, "CDLL", System)
        posix.die_with_parent()

        assert calls == [(1, signal.SIGKILL, 0, 0, 0)]
