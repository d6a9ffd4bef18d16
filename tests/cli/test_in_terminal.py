"""What a person reads in a terminal: the demo, and the tables of every command on the library that it makes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import mido
import pytest
from rich.cells import cell_len
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
    assert "failed: " in result.stderr
    assert result.stderr.count("broken.wav") == 1
    assert "listening: 1 of 1 file, took 0:0" in result.stderr
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 0, again.output
    assert "There was nothing left to do." in again.stderr


def test_a_list_is_a_table_and_says_what_it_leaves_out(terminal: Terminal) -> None:
    listed, said = terminal.run("list", "kind:loop", "--limit", "3")
    assert len(listed.splitlines()) == 1 + 3
    assert "3 of 12 shown" in said
    assert terminal.run("list", "kind:loop", "--count")[0] == "12 sounds\n"
    assert json.loads(terminal.run("list", "kind:loop", "--count", "--json")[0]) == {"total": 12}


def test_facets_are_a_table_for_each_field(terminal: Terminal) -> None:
    tables, said = terminal.run("list", "--facets")
    assert "25 sounds" in said
    counts = {tuple(line.split()) for line in tables.splitlines()}
    assert {("kind", "count"), ("loop", "12"), ("one-shot", "9"), ("field", "recording", "2"), ("track", "2")} <= counts
    assert {("class", "count"), ("Am", "8A", "5"), ("bpm", "count"), ("90-99", "7"), ("120-129", "7")} <= counts
    assert json.loads(terminal.run("list", "--facets", "--json")[0])["kind"]["loop"] == 12


def test_an_audit_counts_and_the_next_tells_what_changed(terminal: Terminal) -> None:
    _, said = terminal.run("audit", "--diff")
    assert "this is the first audit" in said
    counted, _ = terminal.run("audit", terminal.sounds)
    lines = [line.split()[-2:] for line in counted.splitlines()]
    assert ["25", "sounds_total"] in lines
    assert ["25", "audio_files_scanned"] in lines
    assert json.loads(terminal.run("audit", "--json")[0])["sounds_total"] == 25
    changed, _ = terminal.run("audit", terminal.sounds, "--diff")
    assert "audio_files_scanned" not in changed, "the disk was not read last time: nothing is said of it"
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


def test_a_sound_is_shown_by_what_matters_and_who_says_so_behind_why(terminal: Terminal) -> None:
    song = terminal.sounds / "Tracks" / "Nobody - Dusty Song.wav"
    shown, _ = terminal.run("show", song)
    lines = shown.splitlines()
    assert lines[0] == "Nobody - Dusty Song.wav"
    facts = {line.split()[0]: " ".join(line.split()[1:]) for line in lines[1:]}
    assert facts["tempo"].startswith("96 bpm heard, ")
    assert facts["key"].startswith("A minor (8A) heard, ")
    assert facts["meter"].startswith("4/4 heard, ")
    assert facts["sections"].startswith("0:00 A, 0:10 B, ")
    assert "0:10 Drop" in facts["cues"]
    assert list(facts)[:4] == ["length", "tempo", "meter", "key"]
    assert "producer" not in shown
    why, _ = terminal.run("show", song, "--why")
    assert why.startswith(shown)
    assert "rhythm.bars.hypotheses" in why
    assert "x1:" in why
    birds, _ = terminal.run("show", terminal.sounds / "Field" / "bird in the yard.wav")
    assert "field recording" in birds


def test_what_a_person_says_is_shown_as_theirs(terminal: Terminal) -> None:
    loop = terminal.sounds / "Loops" / "Dusty 96" / "lead Am 96bpm.wav"
    terminal.run("edit", loop, "--key", "F# minor")
    shown, _ = terminal.run("show", loop)
    assert ["key", "F#", "minor", "(11A)", "yours"] in [line.split() for line in shown.splitlines()]
    terminal.run("undo")


def test_two_files_are_inspected_without_a_library(terminal: Terminal, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF" + bytes(range(200)))
    heard, _ = terminal.run("inspect", terminal.sounds / "One-shots" / "kick deep.wav", broken, expect=1)
    kick, failed = heard.split("\n\n")
    assert "one-shot" in kick
    assert failed.splitlines()[0] == "broken.wav"
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
    assert terminal.run("list", "rating:4", "--count")[0] == "1 sound\n"
    assert "1 sound is as it was" in terminal.run("undo")[1]
    assert terminal.run("list", "rating:4", "--count")[0] == "0 sounds\n"
    assert "there is no edit to take back" in terminal.run("undo")[1]
    assert json.loads(terminal.run("undo", "--json")[0]) == {
        "changed": 0,
        "batch": None,
        "is_empty": False,
        "changes": [],
    }


def test_melodies_come_from_midi_files(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "empty").mkdir()
    assert terminal.run("import", "midi", tmp_path / "empty")[1] == "No MIDI file was found there.\n"
    track = mido.MidiTrack()
    for pitch in (60, 62, 64, 65, 67, 65, 64, 62, 60, 67, 64, 60):
        track += [mido.Message("note_on", note=pitch, time=0), mido.Message("note_off", note=pitch, time=240)]
    mido.MidiFile(tracks=[track]).save(tmp_path / "tune.mid")
    _, said = terminal.run("import", "midi", tmp_path / "tune.mid")
    assert "1 file: 1 melody, 1 of them new, 0 without a tune, 0 failed" in said
    (tmp_path / "broken.mid").write_bytes(b"MThd and no more")
    answer = json.loads(terminal.run("import", "midi", tmp_path, "--json", expect=1)[0])
    assert (answer["files"], answer["melodies"], answer["new"]) == (2, 1, 0)


def test_a_row_that_cannot_be_used_is_named_by_its_line(terminal: Terminal, tmp_path: Path) -> None:
    kick = terminal.sounds / "One-shots" / "kick tight.wav"
    (tmp_path / "shop.csv").write_text(f"path,price,currency,colour\n{kick},4.50,EUR,red\n/nowhere.wav,1,EUR,blue\n")
    table, said = terminal.run("import", "csv", tmp_path / "shop.csv", expect=1)
    assert table.splitlines()[1].split()[0] == "3"
    assert "columns that were not read: colour" in said
    assert "2 rows: 1 sound changed, 0 as before, 1 row left out" in said
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
            (("list", "--limit", "many"), 2, "--limit: 'many' is no whole number"),
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


def _in_pty(columns: int, *words: str | Path) -> list[str]:
    """The lines that a command writes to a pseudo-terminal of so many columns, without their styles."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    written = bytearray()

    def read() -> None:
        # Linux tells the end of a terminal as an error.
        with contextlib.suppress(OSError):
            while some := os.read(master, 65_536):
                written.extend(some)

    reader = threading.Thread(target=read)
    reader.start()
    with open(slave, "w", encoding="utf-8") as screen, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        patch.setattr(sys, "stderr", screen)
        patch.delenv("COLUMNS", raising=False)
        with contextlib.suppress(SystemExit):
            app(args=shield(list(map(str, words))))
    reader.join(timeout=30)
    os.close(master)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode())
    return [line for part in text.split("\r\n") for line in part.split("\r")]


_SONG, _SECOND = "Tracks/Nobody - Dusty Song.wav", "Tracks/Nobody - Bright Song.wav"
_DRUMS, _BASS = "Loops/Dusty 96/drums straight 96bpm.wav", "Loops/Dusty 96/bass Am 96bpm.wav"


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("list", "--events"),
        ("list", "--facets"),
        ("list", "bpm:999"),
        ("show", f"@{_SONG}"),
        ("show", f"@{_SONG}", "--why"),
        ("show", "@Field/bird in the yard.wav"),
        ("search", "drums OR song"),
        ("search", "xylophonequartet"),
        ("similar", f"@{_DRUMS}"),
        ("match", f"@{_BASS}"),
        ("next", f"@{_SONG}", "--tempo-pct", "40"),
        ("path", f"@{_DRUMS}", f"@{_BASS}"),
        ("audit",),
        ("plugins",),
        ("library", "check"),
    ],
    ids=lambda words: " ".join(words).rpartition("/")[2] if isinstance(words, tuple) else None,
)
def test_no_line_is_wider_than_the_terminal_and_no_word_is_broken(
    terminal: Terminal, words: tuple[str, ...], columns: int
) -> None:
    typed = [str(terminal.sounds / word[1:]) if word.startswith("@") else word for word in words]
    lines = _in_pty(columns, "--library", terminal.library, *typed)
    assert any(lines)
    # A path is never divided in a message, so that it can be copied; it stands alone then.
    wide = [line for line in lines if cell_len(line) > columns and " " in line.strip()]
    assert wide == []
    said = {word for text in terminal.run(*typed) for word in text.split()}
    # What was cut says so, and a path may end a line behind one of its folders.
    broken = [
        word for line in lines for word in line.split() if word not in said and "…" not in word and "/" not in word
    ]
    assert [word for word in broken if not re.fullmatch(r"[\d.:]+", word)] == []


def test_the_demo_fits_a_screen_and_a_half(terminal: Terminal) -> None:
    written = _in_pty(80, "demo", "--folder", terminal.library.parent, "--workers", "1")
    lines = [line for line in written if line and "━" not in line]
    assert len(lines) < 60
    assert max(cell_len(line) for line in lines if "library.sonoteca" not in line) <= 80


class TestStreams:
    """What stdout cannot take: asked of processes, because their end counts too."""

    @staticmethod
    def sonoteca(
        terminal: Terminal, *words: str, end: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        typed = shlex.join([sys.executable, "-m", "sonoteca.cli.main", "-L", str(terminal.library), *words])
        return subprocess.run(
            ["sh", "-c", typed + end], capture_output=True, text=True, errors="replace", env=os.environ | environment
        )

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
    @pytest.mark.parametrize("words", [("list",), ("list", "--json"), ("list", "--help")], ids=" ".join)
    def test_a_full_disk_behind_stdout_is_told(self, terminal: Terminal, words: tuple[str, ...]) -> None:
        ended = self.sonoteca(terminal, *words, end=" > /dev/full")
        assert ended.returncode == 1
        assert ended.stderr.startswith("error [output_unwritable] The output could not be written (")
        assert "Traceback" not in ended.stderr

    def test_a_reader_that_has_enough_ends_it_quietly(self, terminal: Terminal) -> None:
        ended = self.sonoteca(terminal, "list", "--json", end=" | head -n 1")
        assert ended.stdout.count("\n") == 1
        assert ended.stderr == ""

    @pytest.mark.parametrize(
        "environment", [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}]
    )
    def test_a_terminal_that_lacks_characters_gets_others(
        self, terminal: Terminal, environment: dict[str, str]
    ) -> None:
        ended = self.sonoteca(terminal, "list", "kind:field_recording", **environment)
        assert ended.returncode == 0
        assert ended.stdout.isascii()
        assert "rain on a roof.wav" in ended.stdout
