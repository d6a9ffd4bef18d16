"""Options about how tracks are mixed into each other, which ``next``, ``set``, ``path`` and ``lint`` share."""

from __future__ import annotations

from typing import Annotated

import typer

DoubleTimeOption = Annotated[
    bool, typer.Option("--doubletime/--no-doubletime", help="Let half and double tempo fit too.")
]
KeyLockOption = Annotated[
    bool, typer.Option("--key-lock/--no-key-lock", help="Keep the pitch when a track is stretched, as DJ programs do.")
]
