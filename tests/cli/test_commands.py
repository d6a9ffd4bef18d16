"""The commands as a person uses them, in order, on a small library with one bad file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sonoteca.cli.arguments import shield
from sonoteca.cli.main import app
from sonoteca.errors import FileUnreadable, SonotecaError
from sonoteca.upkeep.demo_sounds import write_demo_sounds

KEPT = ("drums straight 124bpm.wav", "drums busy 124bpm.wav", "bass C 124bpm.wav", "snare.wav", "kick deep.wav")


class Person:
    """Somebody at a terminal with one library."""

    def __init__(self, library: Path) -> None:
        self.library = library

    def run(self, *words: str | Path, expect: int = 0, answer: str | None = None) -> str:
        arguments = shield([str(words[0]), "--library", str(self.library), *map(str, words[1:])])
        result = CliRunner().invoke(app, arguments, input=answer)
        if result.exception is not None and isinstance(result.exception, SonotecaError):
            assert result.exception.exit_code == expect, result.exception
        else:
            assert result.exit_code == expect, result.output + repr(result.exception)
        self.notes = str(result.stderr)
        return str(result.stdout)

    def told(self, *words: str | Path, expect: int = 0) -> str:
        """What stands on stderr."""
        self.run(*words, expect=expect)
        return self.notes

    def json(self, *words: str | Path, expect: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", expect=expect))

    def lines(self, *words: str | Path) -> list[Any]:
        return [json.loads(line) for line in self.run(*words, "--json").splitlines()]


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made, folder = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("music")
    for path in write_demo_sounds(made):
        if path.name in KEPT:
            shutil.copy(path, folder / path.name)
    (folder / "text.wav").write_text("hello, this is not audio\n" * 40)
    return folder


@pytest.fixture(scope="module")
def person(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Person:
    someone = Person(tmp_path_factory.mktemp("library") / "mine.sonoteca")
    summary = someone.json("add", music, "--workers", "1", expect=1)
    assert (summary["found"], summary["analysed"], summary["failed"]) == (6, 5, 1)
    assert [failure["code"] for failure in summary["failures"]] == ["not_audio"]
    return someone


def test_a_second_run_finds_nothing_to_do(person: Person, music: Path) -> None:
    summary = person.json("add", music)
    assert (summary["found"], summary["unchanged"], summary["analysed"]) == (6, 6, 0)


def test_list_finds_by_rule_and_word(person: Person) -> None:
    everything = person.lines("list")
    assert {Path(row["path"]).name for row in everything} >= set(KEPT)
    assert {Path(row["path"]).name for row in person.lines("list", "kind:one_shot")} == {"snare.wav", "kick deep.wav"}
    assert [Path(row["path"]).name for row in person.lines("list", "snare")] == ["snare.wav"]
    assert {Path(row["path"]).name for row in person.lines("list", "kind:loop", "-path:bass")} == {
        "drums straight 124bpm.wav",
        "drums busy 124bpm.wav",
    }
    assert person.json("list", "kind:loop", "--count") == {"total": 3}
    assert [Path(row["path"]).name for row in person.lines("list", "kind:loop", "-drums")] == ["bass C 124bpm.wav"]


def test_show_tells_the_whole_object_and_who_said_it(person: Person, music: Path) -> None:
    shown = person.json("show", music / "bass C 124bpm.wav")
    assert shown["schema"] == 1
    assert shown["status"] == "ok"
    assert shown["kind"]["value"] == "loop"
    assert shown["audio"]["duration_s"] == pytest.approx(16 * 60 / 124, abs=1e-3)
    assert shown["tempo"]["bpm"] == pytest.approx(124, rel=0.005)
    assert shown["provenance"]["tempo"]["source"] == "analyzer"
    unnamed = dict.fromkeys(("title", "artist", "album", "track"))
    assert shown["locations"] == [{"path": str(music / "bass C 124bpm.wav"), "missing": False, **unnamed}]


def test_similar_ranks_the_other_drum_loop_first_and_explains(person: Person, music: Path) -> None:
    answer = person.json("similar", music / "drums busy 124bpm.wav", "-k", "3")
    assert Path(answer["results"][0]["path"]).name == "drums straight 124bpm.wav"
    first = answer["results"][0]
    assert set(first["parts"]) == {"timbre", "rhythm", "harmony", "dynamics"}
    assert first["reasons"]
    assert 0 < first["score"] <= 1
    scores = [row["score"] for row in answer["results"]]
    assert scores == sorted(scores, reverse=True)


def test_similar_takes_a_file_that_is_not_in_the_library(person: Person, music: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.wav"
    content = bytearray((music / "snare.wav").read_bytes())
    content[-2:] = b"\x01\x00"  # another content, to the ear the same
    stranger.write_bytes(content)
    answer = person.json("similar", stranger, "-k", "1")
    assert Path(answer["results"][0]["path"]).name == "snare.wav"
    assert answer["results"][0]["score"] > 0.98


def test_a_filter_narrows_before_ranking(person: Person, music: Path) -> None:
    answer = person.json("similar", music / "snare.wav", "-k", "5", "--filter", "kind:loop")
    assert len(answer["results"]) == 3


def test_an_edit_stays_and_can_be_undone(person: Person, music: Path) -> None:
    snare = music / "snare.wav"
    person.run("edit", "snare", "--key", "Am", "--tag", "+dusty", "-vocal")
    shown = person.json("show", snare)
    assert shown["key"]["name"] == "A minor"
    assert shown["provenance"]["key"]["source"] == "user"
    assert [tag["label"] for tag in shown["tags"]] == ["dusty"]
    person.json("add", music, "--force", expect=1)
    assert person.json("show", snare)["key"]["name"] == "A minor"
    person.run("undo")
    assert person.json("show", snare)["key"] is None
    assert person.json("show", snare)["tags"] == []


def test_an_edit_lists_what_is_another_value_now_a_line_for_each_sound(person: Person, music: Path) -> None:
    loop = music / "drums straight 124bpm.wav"
    role = person.json("show", loop)["role"]["value"]
    said = person.told("edit", loop, "--role", role, "--rating", "3", "--tag", "+mine")
    assert f"role {role}" not in said
    assert "drums straight 124bpm.wav: rating none -> 3, tag none -> mine" in said
    person.run("undo")
    said = person.told("edit", "*", "--rating", "3", "--tag", "+mine", "--yes")
    total = person.json("list", "--count")["total"]
    assert said.count("rating none -> 3, tag none -> mine") == min(5, total)
    assert f"changed {total} sounds" in said
    person.run("edit", "nothing_there", "--rating", "1", expect=2)
    assert person.json("undo")["changed"] == total


def test_an_edit_of_several_asks_first(person: Person) -> None:
    person.run("edit", "kind:loop", "--rating", "4", expect=1, answer="n\n")
    assert person.json("list", "rating:4", "--count") == {"total": 0}


def test_half_the_tempo_is_half_the_grid_wherever_it_is_read(person: Person, music: Path) -> None:
    loop = music / "drums straight 124bpm.wav"
    before = person.json("show", loop)
    [change] = person.json("edit", loop, "--half")["changes"]
    assert change["field"] == "bpm"
    assert change["to"] == pytest.approx(change["from"] / 2, abs=1e-3)
    now = person.json("show", loop)
    assert now["beats_s"] == before["beats_s"][::2]
    assert now["downbeats_s"] == before["downbeats_s"][::2]
    assert now["bars"] == before["bars"] / 2
    assert [row["path"] for row in person.lines("list", "bpm:=61..63")] == [str(loop)]
    person.run("edit", loop, "--shift-grid", "-0.01", "--cue", "1.5=Drop", "--lock")
    assert person.json("show", loop)["cues"][-1] == {"at_s": 1.5, "type": "drop", "name": "Drop", "source": "user"}
    person.run("edit", loop, "--bpm", "100", expect=2)
    assert [each["field"] for each in person.json("undo")["changes"]] == ["lock", "cues", "shift_grid"]
    assert person.json("undo")["changes"] == [change | {"from": change["to"], "to": change["from"]}]
    assert person.json("show", loop) == before


def test_an_edit_that_changes_nothing_says_so_and_is_not_undone(person: Person, music: Path) -> None:
    snare = music / "snare.wav"
    person.run("edit", snare, "--rating", "2")
    assert person.json("edit", snare, "--rating", "2")["batch"] is None
    undone = person.json("undo")
    assert (undone["is_empty"], undone["changed"]) == (True, 0)
    assert person.json("undo")["changes"][0]["from"] == 2


def test_a_removal_asks_needs_somebody_to_ask_and_is_undone(person: Person, music: Path) -> None:
    kick = music / "kick deep.wav"
    before = person.json("show", kick)
    person.run("remove", kick, expect=1, answer="n\n")
    # Nobody is there to answer.
    person.run("remove", kick, expect=2)
    assert person.json("show", kick) == before
    person.run("remove", kick, answer="y\n")
    assert f"{before['id'][:4]} ({before['title'] or kick.name})" in person.notes
    person.run("remove", "nothing_there", "--yes", expect=2)
    [back] = person.json("undo")["changes"]
    assert (back["path"], back["field"]) == (str(kick), "removed")
    assert person.json("show", kick) == before


def test_audit_adds_up_is_kept_and_compared(person: Person, music: Path) -> None:
    counts = person.json("audit", music)
    for name in [
        "sounds_total",
        "analysed",
        "pending",
        "failed",
        "missing_locations",
        "embedding_ok",
        "embedding_gap_total",
        "missing_embedding_ref",
        "embedding_file_missing",
        "audio_files_scanned",
        "pending_embedding_total",
        "missing_meta_total",
        "stale_meta_paths_total",
    ]:
        assert isinstance(counts[name], int), name
    assert counts["sounds_total"] == counts["analysed"] + counts["pending"] + counts["failed"]
    assert counts["audio_files_scanned"] == 6
    assert sum(counts["failed_by_reason"].values()) == 1
    shutil.copy(music / "snare.wav", music / "snare copy.wav")
    try:
        changes = person.json("audit", music, "--diff")["changes"]
        assert changes["audio_files_scanned"] == {"before": 6, "now": 7}
        assert changes["missing_meta_total"]["now"] == counts["missing_meta_total"] + 1
    finally:
        (music / "snare copy.wav").unlink()


def test_gaps_are_paths_files_that_add_takes(person: Person, music: Path, tmp_path: Path) -> None:
    extra = music / "new\nname.wav"
    shutil.copy(music / "kick deep.wav", extra)
    try:
        written = person.json("gaps", music, "--out", tmp_path / "gaps", "--chunk", "1")
        assert written["paths"] >= 1
        dry = person.json("add", "--paths-file", written["files"][0], "--dry-run")
        assert dry["dry_run"] is True
        assert dry["found"] == 1
    finally:
        extra.unlink()


def test_retry_tries_what_failed_and_fails_again(person: Person) -> None:
    summary = person.json("retry", expect=1)
    assert (summary["analysed"], summary["failed"]) == (0, 1)


def test_library_check_backup_and_restore(person: Person, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["library", "check", "--library", str(person.library), "--json"])
    assert json.loads(result.stdout)["ok"] is True
    backup = tmp_path / "copy.sonoteca"
    CliRunner().invoke(app, ["library", "backup", str(backup), "--library", str(person.library)])
    person.run("edit", "snare", "--rating", "5")
    assert person.json("list", "rating:5", "--count") == {"total": 1}
    CliRunner().invoke(app, ["library", "restore", str(backup), "--library", str(person.library), "--yes"])
    assert person.json("list", "rating:5", "--count") == {"total": 0}


def test_remove_forgets_the_sound_and_leaves_the_file(person: Person, music: Path) -> None:
    assert person.json("remove", music / "kick deep.wav", "--yes") == {"found": 1, "removed": 1}
    assert (music / "kick deep.wav").exists()
    assert person.lines("list", "deep") == []
    person.json("add", music)
    assert len(person.lines("list", "deep")) == 1


def test_inspect_prints_a_line_per_input_in_order_failures_included(person: Person, music: Path) -> None:
    names = [
        str(music / "snare.wav"),
        str(music / "text.wav"),
        str(music / "gone.wav"),
        str(music / "bass C 124bpm.wav"),
    ]
    result = CliRunner().invoke(app, ["inspect", *names, "--json", "--workers", "1"])
    assert result.exit_code == 1
    sounds = [json.loads(line) for line in result.stdout.splitlines()]
    assert [sound["path"] for sound in sounds] == names
    assert [sound["status"] for sound in sounds] == ["ok", "failed", "failed", "ok"]
    assert [sound["error"] and sound["error"]["code"] for sound in sounds] == [
        None,
        "not_audio",
        "file_unreadable",
        None,
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["list", "kind:lop"], 2),
        (["show", "nothing-like-this"], 2),
        (["similar", "nothing-like-this"], 2),
        (["edit", "snare"], 2),
        (["edit", "snare", "--bpm", "fast"], 2),
        (["add"], 2),
    ],
)
def test_wrong_usage_ends_with_2(person: Person, words: list[str], code: int) -> None:
    person.run(*words, expect=code)


def test_a_library_that_is_not_there_ends_with_3(tmp_path: Path) -> None:
    Person(tmp_path / "none.sonoteca").run("list", expect=3)


def test_where_nothing_named_is_there_no_library_is_made(tmp_path: Path) -> None:
    place = tmp_path / "fresh.sonoteca"
    result = CliRunner().invoke(app, ["add", str(tmp_path / "absent"), "-L", str(place)])
    assert isinstance(result.exception, FileUnreadable)
    assert "no library was made" in result.exception.message
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_command_and_starts_without_heavy_libraries() -> None:
    code = "import sys, sonoteca.cli.main; print(sorted(m for m in ('numpy', 'sqlalchemy', 'av') if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COVERAGE_PROCESS_START": ""},
    )
    assert done.stdout.strip() == "[]"
    listed = CliRunner().invoke(app, ["--help"]).stdout
    for verb in [
        "demo",
        "add",
        "inspect",
        "list",
        "show",
        "edit",
        "undo",
        "remove",
        "similar",
        "audit",
        "gaps",
        "retry",
        "library",
        "plugins",
        "doctor",
    ]:
        assert verb in listed


@pytest.mark.parametrize("harm", ["flip", "cut", "delete"])
def test_the_index_is_checked_damaged_and_rebuilt(person: Person, music: Path, harm: str) -> None:
    def index(verb: str, *, expect: int = 0) -> Any:
        result = CliRunner().invoke(app, ["index", verb, "--library", str(person.library), "--json"])
        assert result.exit_code == expect, result.output
        return json.loads(result.stdout)

    assert index("rebuild")["ok"] is True
    (file,) = (person.library.parent / "mine.sonoteca.d" / "index").glob("*.seg")
    content = bytearray(file.read_bytes())
    content[-40] ^= 1
    if harm == "delete":
        file.unlink()
    else:
        file.write_bytes(content if harm == "flip" else content[: len(content) // 3])
    before = {path: path.read_bytes() for path in file.parent.iterdir()}
    checked = index("check", expect=1)
    (space,) = checked["spaces"]
    assert (checked["ok"], space["ok"], space["damaged_segments"]) == (False, False, 1)
    assert file.name in space["messages"][0]
    answer = person.json("similar", music / "drums busy 124bpm.wav", "-k", "1")
    assert Path(answer["results"][0]["path"]).name == "drums straight 124bpm.wav"
    assert any("catalogue" in note for note in answer["query"]["notes"])
    assert {path: path.read_bytes() for path in file.parent.iterdir()} == before, "asking and checking change nothing"
    assert index("rebuild")["spaces"][0]["recall"] == 1.0
    assert index("check")["ok"] is True
    assert len(list(file.parent.iterdir())) == 1
