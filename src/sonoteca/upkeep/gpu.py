"""Graphics processors of this machine, as their driver's own tool lists them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

_GPU_TOOL = "nvidia-smi"
_GPU_QUERY = ("--query-gpu=name,memory.total,memory.used,utilization.gpu", "--format=csv,noheader,nounits")
_GPU_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics processor; what it does not tell is None. ``busy`` 0..1."""

    name: str
    total_bytes: int | None
    used_bytes: int | None
    busy: float | None


def find_gpus() -> tuple[Gpu, ...] | None:
    """What the driver's own tool lists, where it is installed and answers."""
    tool = shutil.which(_GPU_TOOL)
    if tool is None:
        return None
    try:
        told = subprocess.run(
            [tool, *_GPU_QUERY], capture_output=True, text=True, timeout=_GPU_TIMEOUT_S, check=True, stdin=subprocess.DEVNULL
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return tuple(_gpu(line) for line in told.stdout.splitlines() if line.strip()) or None


def _gpu(line: str) -> Gpu:
    name, *numbers = (part.strip() for part in line.split(","))
    # What a card does not tell stands there as [N/A] or [Not Supported].
    total, used, busy = (int(each) if each.isdigit() else None for each in [*numbers, "", "", ""][:3])
    mib = 2**20
    return Gpu(
        name,
        None if total is None else total * mib,
        None if used is None else used * mib,
        None if busy is None else busy / 100.0,
    )
