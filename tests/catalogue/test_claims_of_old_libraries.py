"""A tempo that a file claims and its sound refutes is not the tempo of an upgraded library either."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

import catalogue_samples as samples
from sonoteca.catalogue.heard.summaries import derived_rows
from sonoteca.catalogue.store.library import open_library
from sonoteca.catalogue.store.schema import summaries
from sonoteca.domain.claim import Claim


def test_an_older_summary_is_weighed_again(tmp_path: Path) -> None:
    loop = {"bars": 4, "meter": {"beats_per_bar": 4, "beat_unit": 4}}
    path = tmp_path / "old.sonoteca"
    # A tone before the beat bends the tempo of all: said is that of the stretch that lasts longest.
    beats = [0.0, 0.6, *(1.0 + 60.0 / 124.0 * each for each in range(14))]
    segments = [{"start_s": 0.0, "bpm": 100.0}, {"start_s": 1.0, "bpm": 124.0}]
    steady = loop | {"beats_s": beats, "grid": {"segments": segments, "drift_bpm": None}, "tempo": {"bpm": 120.0}}
    with open_library(path, mode="create") as library, library.write() as connection:
        for name, bpm, heard in (
            ("against", 126.0, loop | {"tempo": {"bpm": 124.0}}),
            ("half", 62.0, loop | {"tempo": {"bpm": 124.0}}),
            ("unheard", 126.0, {}),
            ("steady", 126.0, steady),
        ):
            claim = Claim("tempo_bpm", bpm, "riff")
            samples.add(connection, f"{name}.wav", f"x1:{name}", claims=[claim], duration_s=7.74, **heard)
        # As the library was before: every claim was believed.
        for name, bpm in (("against", 126.0), ("half", 62.0), ("unheard", 126.0), ("steady", 126.0)):
            is_row = summaries.c.path == f"/music/{name}.wav"
            connection.execute(sa.update(summaries).where(is_row).values(tempo_bpm=bpm, tempo_confidence=None))
        for later in ("former_states", "jobs", "sound_text_telling", "knowledge", "knowledge_text"):
            connection.exec_driver_sql(f"DROP TABLE {later}")
        connection.exec_driver_sql("DROP INDEX ix_summaries_kind_role_tempo")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0006'")
    with open_library(path) as upgraded, upgraded.read() as connection:
        query = sa.select(summaries.c.tempo_bpm, summaries.c.tempo_confidence).order_by(summaries.c.sound_id)
        upgraded_rows = [tuple(row) for row in connection.execute(query)]
        assert upgraded_rows == [(124.0, 0.9), (62.0, None), (126.0, None), (124.0, 0.9)]
        derived = derived_rows(connection, [1, 2, 3, 4])
        assert [(row["tempo_bpm"], row["tempo_confidence"]) for row in derived] == upgraded_rows
