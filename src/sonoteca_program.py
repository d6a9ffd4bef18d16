"""The installed program ``sonoteca`` begins here: Ctrl-C is taken care of before anything of ours is loaded.

It stands beside the package, because the package's own beginning takes long enough to be interrupted in.
"""

from __future__ import annotations

import os
import signal
from types import FrameType


def main() -> None:
    """Load the command line and run it, see ``sonoteca.cli.main``; Ctrl-C before it runs ends the process at once."""
    signal.signal(signal.SIGINT, _end)
    from sonoteca.cli.main import main as run

    try:
        run()
    finally:
        # The process ends anyway.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end(number: int, frame: FrameType | None) -> None:
    # Nothing has begun, so nothing has to be closed; sys.stderr may be half made.
    os.write(2, b"stopped; nothing was begun\n")
    os._exit(130)


if __name__ == "__main__":
    main()
