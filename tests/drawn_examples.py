"""The two ways in which property tests draw their examples: the same ones everywhere, or new ones each time.

``make test`` draws the same examples on every machine and in every run, so that a change is judged
by what it changed. ``make test-explore`` draws new ones, for whoever hunts; a failure there prints
the decorator that brings its example back.

Drawing without chance is not enough for that: Hypothesis also tries the constants that it finds in
the modules that happen to be loaded, and those depend on which tests ran before in the same process
and on the folder that the checkout lies in. The same examples everywhere therefore do without them.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.internal.constants_ast import Constants

SAME, EXPLORE = "same", "explore"

# A test that is slow on a busy machine is not wrong: neither profile has a deadline.
settings.register_profile(
    SAME, derandomize=True, database=None, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    EXPLORE, derandomize=False, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
# ``--hypothesis-profile explore`` loads the other one after this.
settings.load_profile(SAME)


def pytest_configure(config: pytest.Config) -> None:
    """Take the constants of loaded modules out unless new examples were asked for."""
    if (config.getoption("--hypothesis-profile") or SAME) == SAME:
        HypothesisProvider._local_constants = Constants()  # type: ignore[assignment]
