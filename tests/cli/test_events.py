"""Events as a person exports them."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from choice_samples import fill
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.main import app
from sonoteca.domain.names import public_id


def test_events_go_to_the_screen_or_into_a_file(tmp_path: Path) -> None:
    library = tmp_path / "mine.sonoteca"
    with open_library(library, mode="create") as opened:
        fill(opened)
    asked = ["match", "accept", public_id("x1:query0"), public_id("x1:candidate0"), "-L", str(library)]
    assert CliRunner().invoke(app, asked).exit_code == 0
    shown = CliRunner().invoke(app, ["events", "export", "--since", "1d", "-L", str(library)])
    [line] = shown.stdout.splitlines()
    assert json.loads(line)["kind"] == "accepted"
    out = tmp_path / "events.jsonl"
    written = CliRunner().invoke(app, ["events", "export", "-o", str(out), "-L", str(library), "--json"])
    assert json.loads(written.stdout) == {"path": str(out), "events": 1, "bytes": out.stat().st_size}
    assert out.read_text("utf-8") == f"{line}\n"
    assert CliRunner().invoke(app, ["events", "export", "-o", str(out), "-L", str(library)]).exit_code == 0
