"""Takes pictures of the command line for the README: what a terminal shows, as SVG by Rich's own export.

    python docs/screenshots.py [--columns 80] [--folder docs/images] [--demo FOLDER]     (``make screenshots``)

The commands run in a pseudo-terminal over a demo library, which is made in a temporary folder
unless one is named. What differs from run to run (the temporary folder, moments, progress) is
left out or replaced, so that a picture changes only when the program shows something else.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import io
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

DOCS = Path(__file__).parent
_HOME = "/home/you"
_LOOPS = "demo-library/sounds/Loops/Dusty 96"

# Name of the picture, and what is typed.
PICTURES = {
    "demo": ["demo"],
    "show": ["show", "demo-library/sounds/Tracks/Nobody - Dusty Song.wav"],
    "next": ["next", f"{_LOOPS}/keys Am 96bpm.wav", "-k", "5"],
    "match": ["match", f"{_LOOPS}/bass Am 96bpm.wav", "-k", "5"],
    "set": ["set", "--length", "6", "--filter", "kind:loop", "-k", "1"],
}

# Rich's own frame without its fonts from the net: a picture asks nothing of anybody.
_FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
    font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def screen(words: list[str], *, columns: int, folder: Path) -> str:
    """What the command line writes to a terminal of so many columns, with its styles."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    environment |= {"TERM": "xterm-256color", "SONOTECA_LIBRARY": "demo-library/library.sonoteca", "TZ": "UTC"}
    # As the installed program is called: it names itself in what it advises.
    begin = "import sys; sys.argv[0] = 'sonoteca'; import sonoteca_program; sonoteca_program.main()"
    command = [sys.executable, "-c", begin, *words]
    process = subprocess.Popen(command, stdout=slave, stderr=slave, stdin=slave, cwd=folder, env=environment)
    os.close(slave)
    written = bytearray()
    # Linux tells the end of a terminal as an error.
    with contextlib.suppress(OSError):
        while some := os.read(master, 65_536):
            written.extend(some)
    os.close(master)
    if process.wait():
        raise SystemExit(f"{shlex.join(words)} ended with {process.returncode}:\n{written.decode()}")
    return _settled(written.decode(), folder)


def _settled(written: str, folder: Path) -> str:
    """Without what differs from run to run."""
    lines = [line.rpartition("\r")[2] for line in written.replace("\r\n", "\n").split("\n")]
    kept = "\n".join(line for line in lines if "━" not in line)
    kept = re.sub(r"\x1b\[(?![0-9;]*m)[0-9;?]*[A-Za-z]", "", kept)
    kept = re.sub(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b", "2026-01-01 12:00", kept)
    return kept.replace(str(folder), _HOME).strip("\n")


def picture(name: str, words: list[str], shown: str, *, columns: int) -> str:
    """The picture of a terminal in which these words were typed."""
    console = Console(
        record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor", legacy_windows=False
    )  # fmt: skip
    console.print(Text("$ sonoteca " + shlex.join(words)), soft_wrap=False)
    console.print(Text.from_ansi(shown), soft_wrap=True)
    return console.export_svg(title=f"sonoteca {words[0]}", code_format=_FRAME, unique_id=f"sonoteca-{name}")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--columns", type=int, default=80, help="how wide the terminal is")
    asked.add_argument("--folder", type=Path, default=DOCS / "images", help="where the pictures go")
    asked.add_argument("--demo", type=Path, help="a folder in which a demo library is kept from run to run")
    asked.add_argument("names", nargs="*", choices=[*PICTURES, []], help="which pictures; all of them without one")
    given = asked.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.demo or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sonoteca-screenshots-")))
        folder = folder.resolve()
        if not (folder / "demo-library").exists() and given.names and "demo" not in given.names:
            screen(["demo"], columns=given.columns, folder=folder)
        for name in given.names or PICTURES:
            shown = screen(PICTURES[name], columns=given.columns, folder=folder)
            made = picture(name, PICTURES[name], shown, columns=given.columns)
            (given.folder / f"screen-{name}.svg").write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
