"""Hostile files, made here without any encoder: each ends as a sound or as failed with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from hostile_samples import EITHER, hostile_files, shared_hostile_files
from ingest_runs import AddOptions, add
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import open_library


def test_every_hostile_file_is_accounted_for(tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    expected = hostile_files(folder)
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        summary = add(library, [folder], AddOptions(workers=2, memory_mb=700))
        with library.read() as connection:
            query = (
                sa.select(schema.locations.c.relative_path, *schema.sounds.c)
                .outerjoin(schema.sounds, schema.sounds.c.id == schema.locations.c.sound_id)
            )  # fmt: skip
            rows = {bytes(row.relative_path): row for row in connection.execute(query)}
    assert summary.found == len(expected)
    assert rows.keys() == expected.keys()
    for name, end in expected.items():
        row = rows[name]
        assert row.status in ("analysed", "failed"), name
        if end != EITHER:
            assert row.status == {"sound": "analysed", "failed": "failed"}[end], (name, row.error_message)
        if row.status == "failed":
            assert row.error_code, name
            assert row.error_message, name
            assert row.error_remedy, name
            # Nothing crashed, hung or ate memory: the reader itself said no.
            assert row.error_code not in ("crash", "timeout", "memory", "worker_error", "internal_error"), name
    if os.name == "posix":
        assert summary.left_out == 3


@pytest.mark.slow
def test_the_shared_hostile_set(tmp_path: Path) -> None:
    expected = shared_hostile_files(tmp_path)
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        summary = add(library, [tmp_path / "files"], AddOptions(workers=2))
        with library.read() as connection:
            query = (
                sa.select(schema.locations.c.relative_path, schema.sounds.c.status)
                .outerjoin(schema.sounds, schema.sounds.c.id == schema.locations.c.sound_id)
            )  # fmt: skip
            ends = {os.fsdecode(bytes(row.relative_path)): row.status for row in connection.execute(query)}
    assert summary.elsewhere == summary.still_pending == 0
    wrong = {
        name: (entry["kind"], ends.get(name))
        for name, entry in expected.items()
        if (entry["expect"] in ("audio", "silent") and ends.get(name) != "analysed")
        or (entry["expect"] in ("error", "skip") and ends.get(name) == "analysed")
    }
    assert wrong == {}
