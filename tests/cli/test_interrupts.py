"""Ctrl-C at any moment ends with one sentence and exit code 130, never with a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sonoteca.catalogue.store.library import open_library
from sonoteca.cli import interrupts
from sonoteca.cli import main as command_line
from sonoteca.upkeep.demo_sounds import write_demo_sounds

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

# By then a Python itself has started, whose own beginning nobody can guard.
_LOADING = "import sonoteca_program, sys; sys.argv = ['sonoteca', *sys.argv[1:]]; print('begun', flush=True); sonoteca_program.main()"


def start(*words: str | Path, stdin: int | None = None) -> subprocess.Popen[str]:
    """The program, once its first line runs, in a process group of its own as a shell starts it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _LOADING, *map(str, words)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def press_ctrl_c(process: subprocess.Popen[str], after_s: float) -> tuple[int, str]:
    """How it ended, and what it said last; its workers are in its group and hear of it too."""
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def assert_stopped(ended: tuple[int, str]) -> None:
    code, said = ended
    assert "Traceback" not in said
    assert "Error" not in said
    # Who was done before the signal came has nothing to say.
    assert code in (0, 130), said
    assert sum("stopped" in line for line in said.splitlines()) == (1 if code else 0), said


def test_while_the_program_loads_it_ends_at_once(tmp_path: Path) -> None:
    code, said = press_ctrl_c(start("--library", tmp_path / "none.sonoteca", "list"), 0.02)
    assert (code, said) == (130, "stopped; nothing was begun\n")


def test_a_question_is_left_with_one_sentence(tmp_path: Path) -> None:
    library = tmp_path / "mine.sonoteca"
    open_library(library, mode="create").close()
    backup = tmp_path / "copy.sonoteca"
    with open_library(library) as opened:
        opened.backup(backup)
    process = start("library", "restore", backup, "--library", library, stdin=subprocess.PIPE)
    assert process.stderr is not None
    asked = ""
    while not asked.endswith("]:"):
        asked += process.stderr.read(1)
    code, said = press_ctrl_c(process, 0.0)
    assert code == 130
    assert said.strip() == interrupts.SENTENCE


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["list", "add", "inspect", "doctor", "similar", "demo", "set", "match", "serve"])
def test_ctrl_c_at_any_moment(verb: str, tmp_path: Path) -> None:
    sounds = write_demo_sounds(tmp_path / "sounds")
    library = tmp_path / "mine.sonoteca"
    made = start("add", *sounds[:3], "--library", library, "--workers", "1")
    made.communicate()
    words: dict[str, list[str | Path]] = {
        "list": ["list", "--json", "--library", library],
        "add": ["add", tmp_path / "sounds", "--library", library, "--workers", "2"],
        "inspect": ["inspect", *sounds[:4], "--json"],
        "doctor": ["doctor", "--library", library],
        "similar": ["similar", sounds[0], "--library", library],
        "demo": ["demo", "--folder", tmp_path / "demo", "--workers", "1"],
        "set": ["set", "--length", "3", "--filter", "kind:loop", "--library", library],
        "match": ["match", sounds[0], "--library", library],
        # Any port will do: nobody asks.
        "serve": ["serve", "--port", "0", "--library", library],
    }
    for step in range(12):
        assert_stopped(press_ctrl_c(start(*words[verb]), 0.15 * step))


def test_what_an_interrupt_became_on_its_way_up_is_still_an_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def turned_into_something_else(**_: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        except KeyboardInterrupt:
            raise ImportError("this module cannot be loaded") from None

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(command_line, "app", turned_into_something_else)
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    signal.signal(signal.SIGINT, before)
    assert ended.value.code == 130
    assert capsys.readouterr().err == interrupts.SENTENCE + "\n"


def test_an_interrupt_in_a_finaliser_comes_again() -> None:
    class Finalised:
        def __del__(self) -> None:
            raise KeyboardInterrupt

    def finalise() -> None:
        with interrupts.remembered():
            Finalised()
            time.sleep(10)

    with pytest.raises(KeyboardInterrupt):
        finalise()
    assert interrupts.have_come()
