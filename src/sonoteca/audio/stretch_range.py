"""How far sounds are stretched, and what must not be lost of them: words about ``stretch`` for those that only ask for it."""

from __future__ import annotations

from typing import Literal

Material = Literal["tonal", "percussive"]

# What a tempo may be multiplied by.
MIN_RATIO, MAX_RATIO = 0.25, 4.0
