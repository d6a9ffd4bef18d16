"""``sonoteca match`` as a person types it: a sound first, or a word of the group."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import catalogue_samples as samples
from match_samples import statement
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.main import app
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError, SonotecaError
from sonoteca.match.weights import MATCH_WEIGHTS


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "library.sonoteca"
    with open_library(path, mode="create") as opened, opened.write() as connection:
        for name, role in (("pad", Role.HARMONY), ("bass", Role.BASS), ("beat", Role.DRUMS)):
            made = statement(role=role)
            values: dict[str, Any] = {
                "kind": "loop",
                "tempo": {"bpm": 120.0, "alternatives_bpm": []},
                "tonality": made.columns["tonality"],
                "loudness": {"integrated_lufs": -14.0, "range_lu": 3.0, "true_peak_dbtp": -1.0},
                **made.values,
            }
            samples.add(connection, f"{name}.wav", f"x1:{name}", duration_s=16.0, **values)
        connection.exec_driver_sql("UPDATE sounds SET external_id = content_hash")
    return path


def ask(library: Path, *words: str) -> Any:
    result = CliRunner().invoke(app, ["match", *words, "-L", str(library)])
    if isinstance(result.exception, SonotecaError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in words else result.stdout


def test_a_sound_is_matched_without_naming_a_command(library: Path) -> None:
    found = ask(library, "external:x1:pad", "--role", "bass", "--json")
    assert [row["path"] for row in found["results"]] == ["/music/bass.wav"]
    assert found["query"]["role"] == "bass"
    assert found == ask(library, "--role", "bass", "--json", "external:x1:pad")
    assert found == ask(library, "sound", "external:x1:pad", "--role", "bass", "--json")


def test_people_read_a_table(library: Path) -> None:
    text = ask(library, "external:x1:pad")
    assert "bass.wav" in text
    assert "Same tempo" in text


def test_a_filter_narrows(library: Path) -> None:
    found = ask(library, "external:x1:pad", "--filter", "role:drums", "--json")
    assert [row["path"] for row in found["results"]] == ["/music/beat.wav"]


def test_weights_are_printed_and_overridden(library: Path, tmp_path: Path) -> None:
    assert ask(library, "weights") == MATCH_WEIGHTS.text
    own = tmp_path / "own.toml"
    own.write_text('version = "own"\n[role.bass]\nchord = 9.0\n')
    assert "chord = 9.0" in ask(library, "weights", "--weights", str(own))
    assert ask(library, "external:x1:pad", "--weights", str(own), "--json")["query"]["weights_version"] == "own"


def test_weights_are_known_without_a_library(tmp_path: Path) -> None:
    assert ask(tmp_path / "nowhere.sonoteca", "weights") == MATCH_WEIGHTS.text


def test_what_cannot_be_asked_says_why(library: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no region 3"):
        ask(library, "external:x1:pad", "--within", "3")
    with pytest.raises(RequestError, match="cannot be read"):
        ask(library, "external:x1:pad", "--weights", str(tmp_path / "none.toml"))


def test_a_role_that_is_only_likely_is_marked_and_doubts_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "library.sonoteca"
    with open_library(path, mode="create") as opened, opened.write() as connection:
        for name, role, beats in (
            ("pad", Role.HARMONY, 4),
            ("sure", Role.BASS, 4),
            ("likely", Role.BASS, 3),
        ):
            made = statement(role=role, beats_per_bar=beats, quality=["clipping"] if beats == 3 else ())
            values: dict[str, Any] = {
                "kind": "loop",
                "tempo": {"bpm": 120.0, "alternatives_bpm": []},
                "meter": {"beats_per_bar": beats, "beat_unit": 4},
                "tonality": made.columns["tonality"],
                "loudness": {"integrated_lufs": -14.0, "range_lu": 3.0, "true_peak_dbtp": -1.0},
                **made.values,
            }
            samples.add(connection, f"{name}.wav", f"x1:{name}", duration_s=16.0, **values)
        connection.exec_driver_sql("UPDATE sounds SET external_id = content_hash")
        connection.exec_driver_sql("UPDATE summaries SET role_confidence = 0.6 WHERE path LIKE '%likely.wav'")
    asked = ("external:x1:pad", "--role", "bass")
    rows = {row["path"]: row for row in ask(path, *asked, "--json")["results"]}
    assert rows["/music/sure.wav"]["role_certainty"] == "stated"
    assert rows["/music/likely.wav"]["role_certainty"] == "likely"
    assert rows["/music/likely.wav"]["quality_flags"] == ["clipped", "other_meter"]
    said = {line.split()[2] for line in ask(path, *asked).splitlines()[1:]}
    assert said == {"bass", "bass?"}
    doubts = "But: the recording is clipped; its bars do not have as many beats as yours."
    assert doubts in ask(path, *asked)
    for width in range(60, 80):
        monkeypatch.setenv("COLUMNS", str(width))
        assert not any(line.endswith("But:") for line in ask(path, *asked).splitlines())
