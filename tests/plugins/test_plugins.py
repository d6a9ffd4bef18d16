"""Extensions come in through entry points: a separate package adds an analyzer, a broken one harms nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

import catalogue_samples as samples
from sonoteca.analysis.builtin import builtin_analyzers
from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.sounds import ensure_sounds
from sonoteca.domain.sound_analysis import Identity, SoundAnalysis
from sonoteca.domain.vocabulary import RunOutcome
from sonoteca.plugins import ANALYZERS_GROUP, EMBEDDERS_GROUP, installed_analyzers, load_plugins

PACKAGE = Path(__file__).parent / "onset_package"


@pytest.fixture
def installed_package(tmp_path: Path) -> Path:
    """The package as an installer leaves it: module, METADATA and entry_points.txt, taken from its pyproject."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    site = tmp_path / "site"
    site.mkdir()
    module = PACKAGE / "src" / "sonoteca_burst_rate.py"
    (site / module.name).write_text(module.read_text())
    info = site / f"sonoteca_burst_rate-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return site


def sonoteca(site: Path, *words: str, expect: int = 0) -> str:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-m", "sonoteca.cli.main", *words],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == expect, done.stderr
    return done.stdout


@pytest.mark.slow
def test_an_analyzer_of_another_package_is_listed_runs_in_workers_and_is_stored(
    installed_package: Path, tmp_path: Path
) -> None:
    listed = json.loads(sonoteca(installed_package, "plugins", "--json"))["plugins"]
    (mine,) = [plugin for plugin in listed if plugin["package"] == "sonoteca-burst-rate"]
    assert mine["id"] == "rhythm.burst_rate.example"
    assert mine["produces"] == ["burst_rate"]

    clicks = np.zeros((1, 4 * 44_100), np.float32)
    for at_s in (0.5, 1.5, 2.5, 3.5):
        start = round(at_s * 44_100)
        clicks[0, start : start + 4410] = 0.5 * np.sin(np.arange(4410) * 0.3)
    file = tmp_path / "four bursts.wav"
    write_wav(file, AudioSignal(clicks, 44_100))
    sound = json.loads(sonoteca(installed_package, "inspect", str(file), "--json", "--workers", "1"))
    assert sound["descriptors"]["burst_rate"] == pytest.approx(1.0)
    assert sound["provenance"]["burst_rate"]["producer"] == "rhythm.burst_rate.example"

    library = str(tmp_path / "library.sonoteca")
    without = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(
        [sys.executable, "-m", "sonoteca.cli.main", "add", "--library", library, str(file), "--workers", "1"],
        check=True, capture_output=True, env=without,
    )  # fmt: skip
    # The analyzer is new to this library: only that makes the sound pending again.
    summary = json.loads(sonoteca(installed_package, "add", "--library", library, str(file), "--json"))
    assert (summary["unchanged"], summary["analysed"]) == (1, 1)
    shown = json.loads(sonoteca(installed_package, "show", "--library", library, str(file), "--json"))
    assert shown["descriptors"]["burst_rate"] == pytest.approx(1.0)


def test_what_ships_comes_in_through_the_same_door() -> None:
    ids = {analyzer.id for plugin in load_plugins(ANALYZERS_GROUP) if plugin.is_builtin for analyzer in plugin.members}
    assert ids == {analyzer.id for analyzer in builtin_analyzers()}
    assert ids <= {analyzer.id for analyzer in installed_analyzers()}
    assert all(plugin.error is None for plugin in load_plugins(EMBEDDERS_GROUP))


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no_such_module_anywhere:analyzers", "no_such_module_anywhere"),
        ("json:no_such_function", "no_such_function"),
        ("builtins:list", ""),
        ("plugin_samples:not_analyzers", "lacks id"),
    ],
)
def test_a_broken_plugin_is_reported_and_the_others_stay(target: str, said: str) -> None:
    entries = [
        EntryPoint("broken", target, ANALYZERS_GROUP),
        EntryPoint("builtin", "sonoteca.analysis.builtin:builtin_analyzers", ANALYZERS_GROUP),
    ]
    plugins = {plugin.name: plugin for plugin in load_plugins(ANALYZERS_GROUP, entries=entries)}
    assert len(plugins["builtin"].members) == len(builtin_analyzers())
    if target == "builtins:list":
        assert plugins["broken"].members == ()
        return
    error = plugins["broken"].error
    assert error is not None
    assert said in error.message


def test_plugins_tell_what_they_need_and_what_failed_lately(tmp_path: Path) -> None:
    import sonoteca as front

    [kind] = [row for row in front.list_plugins().rows if row["id"] == builtin_analyzers()[0].id]
    assert kind["requires"] == [each.name for each in builtin_analyzers()[0].requires]
    assert kind["failures"] is None
    mine = builtin_analyzers()[0]
    identity = Identity(mine.id, mine.version, "")
    with front.open_library(tmp_path / "one.sonoteca", mode="create") as library:
        with library.write() as connection:
            rows = ensure_sounds(connection, [f"x1:{number}" for number in range(4)])
            results = []
            for number, reason in enumerate(("no frames", "no frames", "divided by zero", "")):
                outcome = RunOutcome.FAILED if reason else RunOutcome.DONE
                heard = samples.part(0, 0.0, 2.0, identity=identity, outcome=outcome, reason=reason)
                sound_id = rows[f"x1:{number}"]
                results.append(SoundResult(sound_id, samples.info(f"x1:{number}"), SoundAnalysis((heard,)), ()))
            store_results(connection, results, identities=[identity])
        told = {row["id"]: row["failures"] for row in front.list_plugins(library).rows}
    assert told[mine.id]["count"] == 3
    assert {(each["reason"], each["count"], each["version"]) for each in told[mine.id]["last"]} == {
        ("no frames", 2, mine.version),
        ("divided by zero", 1, mine.version),
    }
    assert {json.dumps(each) for name, each in told.items() if name != mine.id} == {'{"count": 0, "last": []}'}
