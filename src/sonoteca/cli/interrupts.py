"""Ctrl-C at any moment ends the program with one sentence and exit code 130, never with a traceback.

While the program loads nothing has begun, and ``sonoteca_program`` ends it at once. Later a ``KeyboardInterrupt`` is
raised, so that what is open is closed and what was finished is kept. That it came is remembered here: libraries below
turn the exception into others (NumPy, while it is imported, into an ``ImportError``), and Typer into a silent exit.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 130
SENTENCE = "stopped; what was stored is kept, run the same command to go on"

_has_come = threading.Event()


@contextmanager
def remembered() -> Iterator[None]:
    """Within, Ctrl-C raises ``KeyboardInterrupt``, and ``have_come`` knows of it."""
    _has_come.clear()
    if threading.current_thread() is not threading.main_thread():
        # Signals are the main thread's.
        yield
        return
    before, unraisable = signal.signal(signal.SIGINT, _raise), sys.unraisablehook
    sys.unraisablehook = _raise_again
    try:
        yield
    finally:
        sys.unraisablehook = unraisable
        signal.signal(signal.SIGINT, before)


def have_come() -> bool:
    """Whether Ctrl-C was pressed since ``remembered`` began."""
    return _has_come.is_set()


def end() -> None:
    """Say the sentence on stderr and raise SystemExit; nothing interrupts that."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A terminal has written ^C where the sentence would begin.
    sys.stderr.write(f"\n{SENTENCE}\n" if os.isatty(2) else f"{SENTENCE}\n")
    sys.exit(EXIT_CODE)


def _raise(number: int, frame: FrameType | None) -> None:
    _has_come.set()
    raise KeyboardInterrupt


def _raise_again(unraisable: sys.UnraisableHookArgs) -> None:
    """An interrupt that fell into a finaliser, where nothing can be raised, comes once more a little later."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        later = threading.Timer(0.01, os.kill, [os.getpid(), signal.SIGINT])
        later.daemon = True
        later.start()
    else:
        sys.__unraisablehook__(unraisable)
