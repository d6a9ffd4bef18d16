"""The command line is put together once in a process, not once for each line that a test types.

A person's process puts it together once too; ``typer.testing.CliRunner`` does it anew at each
``invoke``, which takes ten times as long as most of our commands.
"""

from __future__ import annotations

from functools import cache

import typer.testing

typer.testing._get_command = cache(typer.testing._get_command)  # type: ignore[attr-defined]
