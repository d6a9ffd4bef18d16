"""Weights read from TOML, changed part by part, and written back."""

from __future__ import annotations

import pytest

from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError
from sonoteca.match.weights import AXES, FLAGS, MATCH_WEIGHTS, default_weights, parse_weights


def test_the_shipped_file_is_whole_and_reads_back() -> None:
    weights = default_weights()
    assert set(weights.roles) == set(Role)
    assert set(FLAGS) == set(weights.as_json()["caps"])
    assert weights.as_toml() == MATCH_WEIGHTS.text
    assert parse_weights(weights.as_toml()) == weights


def test_drums_do_not_care_about_pitch_and_a_hum_not_about_tempo() -> None:
    weights = default_weights()
    assert not any(weights.roles[Role.DRUMS].axes[name] for name in ("interval", "chord", "key"))
    assert not any(weights.hum.formula.axes[name] for name in ("tempo", "rhythm", "tensor", "energy"))
    assert set(weights.hum.formula.axes) == set(AXES)


def test_a_file_names_only_what_it_changes() -> None:
    weights = parse_weights('version = "mine"\n[role.bass]\nkey = 2.5\n[caps]\nclipped = 0.3\n')
    assert (weights.version, weights.roles[Role.BASS].axes["key"], weights.caps.clipped) == ("mine", 2.5, 0.3)
    assert weights.roles[Role.BASS].axes["chord"] == default_weights().roles[Role.BASS].axes["chord"]
    assert parse_weights(weights.as_toml()) == weights


def test_a_role_may_weigh_an_axis_that_it_did_not() -> None:
    weights = parse_weights("[role.drums]\nkey = 0.25\n")
    assert weights.roles[Role.DRUMS].axes["key"] == 0.25
    assert parse_weights(weights.as_toml()).roles[Role.DRUMS].axes["key"] == 0.25


@pytest.mark.parametrize(
    "text",
    [
        "role.bass = [",
        "[role.bass]\nloudness = 1.0\n",
        "[role.tuba]\nkey = 1.0\n",
        "[role.bass]\nkey = -1.0\n",
        "[role.bass]\nkey = 'much'\n",
        "[caps]\nclipped = 1.5\n",
        "gate = 3\n",
        "[hum]\ninterval = 0\nkey = 0\nrole_confidence = 0\n",
        "[role.bass]\nkey = true\n",
    ],
)
def test_what_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_weights(text)
    assert caught.value.field == "weights"


def test_a_few_numbers_are_written_in_one_line() -> None:
    mine = parse_weights("role.bass.key=2.5, caps.clipped=0.3")
    assert mine == parse_weights({"role": {"bass": {"key": 2.5}}, "caps": {"clipped": 0.3}})
    assert mine.as_toml() == MATCH_WEIGHTS.text.replace(
        "clipped = 0.85              #", "clipped = 0.3              #"
    ).replace(
        "[role.bass]\ntensor = 0.1\ninterval = 1.5\nchord = 3.2\nkey = 0.5",
        "[role.bass]\ntensor = 0.1\ninterval = 1.5\nchord = 3.2\nkey = 2.5",
    )
