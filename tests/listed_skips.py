"""No test is skipped unseen: where everything can be installed, a skipped test that is not on the list fails the run.

``.ci/run`` sets ``EVERY_SKIP_IS_LISTED``. ``listed_skips.toml`` holds the list: a pattern of test names
and, for the reader, why such a machine cannot run them. On people's own machines skips are only shown.
"""

from __future__ import annotations

import os
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

LIST = Path(__file__).with_name("listed_skips.toml")
SWITCH = "EVERY_SKIP_IS_LISTED"


def listed() -> dict[str, str]:
    """Patterns of test names to the reasons why they may be skipped."""
    return {skip["tests"]: skip["because"] for skip in tomllib.loads(LIST.read_text())["skip"]}


class SkipsSeen:
    """Collects what was skipped, in whatever process, and ends the run red if some of it is not on the list."""

    def __init__(self) -> None:
        self.unlisted: list[str] = []

    def _see(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        expected_failure = hasattr(report, "wasxfail")
        if report.skipped and not expected_failure and not any(fnmatchcase(report.nodeid, name) for name in listed()):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.unlisted.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._see(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._see(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unlisted and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.unlisted:
            terminalreporter.section(f"skipped, and not listed in {LIST.name}", red=True)
            for line in self.unlisted:
                terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get(SWITCH):
        config.pluginmanager.register(SkipsSeen(), "listed_skips_seen")
