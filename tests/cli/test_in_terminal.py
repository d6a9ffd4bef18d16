"""What a person reads in a terminal: the demo, and the tables of every command on the library that it makes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import mido
import pytest
from typer.testing import CliRunner

from sonoteca.catalogue.store.library import open_library
from sonoteca.cli import main as command_line
from sonoteca.cli.arguments import shield
from sonoteca.cli.hints import remedy_of
from sonoteca.cli.main import app
from sonoteca.cli.progress import ProgressBar
from sonoteca.errors import SonotecaError


class Terminal:
    """A terminal whose commands are about one library, the demo's in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.library, self.sounds = folder / "library.sonoteca", folder / "sounds"
        self.first = ""

    def run(self, *words: str | Path, expect: int = 0) -> tuple[str, str]:
        """What is printed on stdout, and said on stderr or as an error."""
        result = CliRunner().invoke(app, shield(["--library", str(self.library), *map(str, words)]))
        if isinstance(result.exception, SonotecaError):
            assert result.exception.exit_code == expect, result.exception
            return result.stdout, f"{result.exception.message} {remedy_of(result.exception)}"
        assert result.exit_code == expect, result.output + repr(result.exception)
        return result.stdout, result.stderr


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder = tmp_path_factory.mktemp("terminal") / "demo"
    made = Terminal(folder)
    result = CliRunner().invoke(app, ["demo", "--folder", str(folder), "--workers", "1"])
    assert result.exit_code == 0, result.output + repr(result.exception)
    assert "Analysed 25 sounds." in result.stderr
    made.first = result.stdout
    return made


def test_the_demo_shows_what_it_found_and_what_is_similar(terminal: Terminal) -> None:
    listed, similar = terminal.first.split("What sounds like ")
    assert sum(".wav" in line for line in listed.splitlines()) == 25
    (song,) = [line for line in listed.splitlines() if "Dusty Song" in line]
    assert "track" in song
    assert "Am 8A" in song
    asked, best = similar.splitlines()[0], similar.splitlines()[2]
    assert "drums busy" in asked
    assert "both drums" in best


def test_a_demo_of_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path), "--music", str(tmp_path / "none")])
    assert isinstance(result.exception, SonotecaError)
    assert "is not a folder" in result.exception.message


def test_a_demo_of_one_broken_file_says_so_and_has_nothing_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProgressBar, "_LINE_EVERY_S", -1.0)
    music = tmp_path / "music"
    music.mkdir()
    (music / "broken.wav").write_bytes(b"RIFF" + bytes(range(200)))
    words = ["demo", "--folder", str(tmp_path / "demo"), "--music", str(music), "--workers", "1"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1, result.output
    assert "What sounds like" not in result.stdout
    assert "broken.wav: " in result.stderr
    assert "1/1" in result.stderr
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 0, again.output
    assert "There was nothing left to do." in again.stderr


def test_a_list_is_a_table_and_says_what_it_leaves_out(terminal: Terminal) -> None:
    listed, said = terminal.run("list", "kind:loop", "--limit", "3")
    assert len(listed.splitlines()) == 1 + 3
    assert "3 of 12 shown" in said
    assert terminal.run("list", "kind:loop", "--count")[0].split() == ["sounds", "12"]
    assert json.loads(terminal.run("list", "kind:loop", "--count", "--json")[0]) == {"total": 12}


def test_facets_are_a_table_for_each_field(terminal: Terminal) -> None:
    tables, said = terminal.run("list", "--facets")
    assert "25 sounds" in said
    counts = {tuple(line.split()) for line in tables.splitlines()}
    assert {("kind", "count"), ("loop", "12"), ("one_shot", "9"), ("track", "2")} <= counts
    assert json.loads(terminal.run("list", "--facets", "--json")[0])["kind"]["loop"] == 12


def test_an_audit_counts_and_the_next_tells_what_changed(terminal: Terminal) -> None:
    _, said = terminal.run("audit", "--diff")
    assert "this is the first audit" in said
    counted, _ = terminal.run("audit", terminal.sounds)
    lines = [line.split() for line in counted.splitlines()]
    assert ["sounds_total", "25"] in lines
    assert ["audio_files_scanned", "25"] in lines
    assert json.loads(terminal.run("audit", "--json")[0])["sounds_total"] == 25
    changed, _ = terminal.run("audit", terminal.sounds, "--diff")
    assert ["audio_files_scanned", "0", "25", "+25"] in [line.split() for line in changed.splitlines()]
    assert isinstance(json.loads(terminal.run("audit", "--diff", "--json")[0]), dict)


def test_plugins_are_a_table_of_what_says_what(terminal: Terminal) -> None:
    table, _ = terminal.run("plugins")
    (loudness,) = [line.split() for line in table.splitlines() if line.startswith("level.loudness.r128")]
    assert loudness == ["level.loudness.r128", "1", "loudness", "sonoteca"]
    assert "level.loudness.r128" in terminal.run("plugins", "--json")[0]


def test_a_library_that_learnt_nothing_uses_the_shipped_weights(terminal: Terminal) -> None:
    assert "the shipped weights are in use" in terminal.run("match", "versions")[1]
    assert json.loads(terminal.run("match", "versions", "--json")[0]) == {"versions": []}


def test_a_question_without_an_answer_says_so(terminal: Terminal) -> None:
    assert "No sound has these words." in terminal.run("search", "xylophonequartet")[1]
    kick = terminal.sounds / "One-shots" / "kick deep.wav"
    table, said = terminal.run("similar", kick, "--filter", "kind:loop role:vocal")
    assert table == ""
    assert "No sound answers." in said


def test_a_rhythm_that_is_tapped_is_answered_with_a_table(terminal: Terminal) -> None:
    tapped = terminal.sounds / "Loops" / "Dusty 96" / "drums straight 96bpm.wav"
    table, _ = terminal.run("tap", tapped)
    assert table.split()[0] == "score"
    assert "drums straight 96bpm.wav" in table


def test_a_sound_is_shown_with_its_sections_and_who_says_so(terminal: Terminal) -> None:
    shown, _ = terminal.run("show", terminal.sounds / "Tracks" / "Nobody - Dusty Song.wav")
    assert "96" in shown
    assert "A minor (8A)" in shown
    assert "sections" in shown
    assert "who says so" in shown
    assert "on disk" in shown
    birds, _ = terminal.run("show", terminal.sounds / "Field" / "bird in the yard.wav")
    assert "field_recording" in birds


def test_two_files_are_inspected_without_a_library(terminal: Terminal, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF" + bytes(range(200)))
    heard, _ = terminal.run("inspect", terminal.sounds / "One-shots" / "kick deep.wav", broken, expect=1)
    kick, failed = heard.split("\n\n")
    assert "one_shot" in kick
    assert "failed" in failed
    assert "remedy" in failed
    assert "No file was named." in terminal.run("inspect", expect=2)[1]


def test_an_arrangement_is_rendered_and_forgotten(terminal: Terminal, tmp_path: Path) -> None:
    made = json.loads(terminal.run("arrange", "--form", "verse:4", "--json")[0])
    _, said = terminal.run("arrange", "render", made["id"], "-o", tmp_path / "rain.wav", "--rate", "8000", "--stems")
    assert f"wrote {tmp_path / 'rain.wav'}" in said
    assert "LUFS" in said
    assert (tmp_path / "rain.wav").stat().st_size > 8_000 * made["duration_s"]
    assert f"forgot arrangement {made['id']}" in terminal.run("arrange", "remove", made["id"], "--yes")[1]
    assert terminal.run("arrange", "list", "--json")[0] == ""
    terminal.run("arrange", "show", made["id"], expect=2)


def test_an_edit_is_taken_back_once(terminal: Terminal) -> None:
    kick = terminal.sounds / "One-shots" / "kick deep.wav"
    terminal.run("edit", kick, "--rating", "4")
    assert terminal.run("list", "rating:4", "--count")[0].split() == ["sounds", "1"]
    assert "1 sound is as it was" in terminal.run("undo")[1]
    assert terminal.run("list", "rating:4", "--count")[0].split() == ["sounds", "0"]
    assert "there is no edit to take back" in terminal.run("undo")[1]
    assert json.loads(terminal.run("undo", "--json")[0]) == {
        "changed": 0,
        "batch": None,
        "is_empty": False,
        "changes": [],
    }


def test_melodies_come_from_midi_files(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    track = mido.MidiTrack()
    for pitch in (60, 62, 64, 65, 67, 65, 64, 62, 60, 67, 64, 60):
        track += [mido.Message("note_on", note=pitch, time=0), mido.Message("note_off", note=pitch, time=240)]
    mido.MidiFile(tracks=[track]).save(tmp_path / "tune.mid")
    _, said = terminal.run("import", "midi", tmp_path / "tune.mid")
    assert "1 files: 1 melodies, 1 of them new, 0 without a tune, 0 failed" in said
    (tmp_path / "broken.mid").write_bytes(b"MThd and no more")
    answer = json.loads(terminal.run("import", "midi", tmp_path, "--json", expect=1)[0])
    assert (answer["files"], answer["melodies"], answer["new"]) == (2, 1, 0)


def test_a_row_that_cannot_be_used_is_named_by_its_line(terminal: Terminal, tmp_path: Path) -> None:
    kick = terminal.sounds / "One-shots" / "kick tight.wav"
    (tmp_path / "shop.csv").write_text(f"path,price,currency,colour\n{kick},4.50,EUR,red\n/nowhere.wav,1,EUR,blue\n")
    table, said = terminal.run("import", "csv", tmp_path / "shop.csv", expect=1)
    assert table.splitlines()[1].split()[0] == "3"
    assert "columns that were not read: colour" in said
    assert "2 rows: 1 sounds changed, 0 as before, 1 rows left out" in said
    assert "4.50 EUR" in terminal.run("show", kick)[0]


def test_an_upgrade_says_at_which_schema_the_library_is(terminal: Terminal) -> None:
    _, said = terminal.run("library", "upgrade", "--rebuild")
    assert "derived the summaries of 25 sounds anew" in said
    assert "is at schema" in said


def test_the_doctor_finds_the_library_whole(terminal: Terminal) -> None:
    table, _ = terminal.run("doctor")
    assert "WRONG" not in table
    assert "whole, 25 sounds" in table


class TestExitCodes:
    """``main`` turns what goes wrong into an exit code and a sentence."""

    @staticmethod
    def typed(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int | str | None:
        monkeypatch.setattr(sys, "argv", ["sonoteca", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        return ended.value.code

    @pytest.mark.parametrize(
        ("words", "code", "sentence"),
        [
            (("--version",), 0, "sonoteca "),
            (("--library", "mine.sonoteca", "list", "kind:lopp"), 2, "loop"),
            (("list", "--limit", "many"), 2, "'--limit'"),
            (("--library", "none.sonoteca", "list"), 3, "none.sonoteca"),
        ],
    )
    def test_what_went_wrong_is_a_code(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        words: tuple[str, ...],
        code: int,
        sentence: str,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        open_library(tmp_path / "mine.sonoteca", mode="create").close()
        assert self.typed(monkeypatch, *words) == code
        printed = capsys.readouterr()
        assert sentence in (printed.err if code else printed.out)

    def test_a_stop_by_hand_says_that_what_was_done_is_kept(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def stopped(**_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(command_line, "app", stopped)
        assert self.typed(monkeypatch, "list") == 130
        assert "what was stored is kept" in capsys.readouterr().err

    def test_a_reader_that_goes_away_is_no_failure(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def unread(**_: object) -> None:
            raise BrokenPipeError

        monkeypatch.setattr(command_line, "app", unread)
        with (tmp_path / "printed").open("w") as printed:
            monkeypatch.setattr(sys, "stdout", printed)
            assert self.typed(monkeypatch, "list") == 0
            printed.write("nobody reads this")
        assert (tmp_path / "printed").read_text() == ""
