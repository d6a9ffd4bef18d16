"""A library from before identities named their weights: nothing in it is heard again, and everything says what made it."""

from __future__ import annotations

import importlib
import sqlite3
from pathlib import Path

import pytest

import catalogue_samples as samples
from sonoteca.analysis.builtin import builtin_analyzers
from sonoteca.analysis.engine import identities, model_files
from sonoteca.catalogue.heard.pending import identity_digest, pending_by_stage
from sonoteca.catalogue.store.library import open_library
from sonoteca.domain.sound_analysis import Identity

AT = "2026-11-01T00:00:00.000Z"
TODAY = identities(builtin_analyzers())
WITH_WEIGHTS = {analyzer.id for analyzer in builtin_analyzers() if model_files(analyzer)}
MIGRATION = importlib.import_module("sonoteca.catalogue.store.migrations.versions.0003_weights_in_identities")
PLUGIN = Identity("plugin.own", 1, "abcdef")


def before(identity: Identity) -> Identity:
    """What the identity was called before it named weights."""
    return Identity(identity.producer, identity.version, "") if identity.producer in WITH_WEIGHTS else identity


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Three sounds as version 0.1 stored them: heard, heard with a plugin, and heard by an older analyzer of roles."""
    path = tmp_path / "old.sonoteca"
    samples.library_of_revision(path, "0002")
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO meta VALUES ('library_uuid', 'u'), ('created_at', ?)", (AT,))
    own = [before(each) for each in TODAY]
    older = [Identity(each.producer, 1, "") if each.producer == "labels.role.summary" else each for each in own]
    for number, heard in enumerate((own, [*own, PLUGIN], older), start=1):
        connection.execute(
            "INSERT INTO sounds (id, public_id, content_hash, status, analysis_identity, added_at, analysed_at)"
            " VALUES (?, ?, ?, 'analysed', ?, ?, ?)",
            (number, f"s{number}", f"x1:{number}", identity_digest(heard), AT, AT),
        )
        connection.execute(
            "INSERT INTO regions (id, sound_id, number, start_s, end_s, producer, version, generation)"
            " VALUES (?, ?, 0, 0.0, 1.0, 'whole', 1, 0)",
            (number, number),
        )
        runs = [(number, each.producer, each.version, each.settings, "", "done", AT) for each in heard]
        connection.executemany(
            "INSERT INTO runs (region_id, producer, version, settings, input, outcome, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [*runs, (number, "embedding.spectral", 3, "7509fb628ce5652a", "", "done", AT)],
        )
        said = [
            (number, "role", "analyzer", "labels.role.summary", 2 if number < 3 else 1, "", '{"value": "bass"}', AT)
        ]
        said.append((number, "role", "user", "", 1, "", '"drums"', AT))
        connection.executemany(
            "INSERT INTO observations (region_id, descriptor, source, producer, version, settings, value, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            said,
        )
    connection.commit()
    connection.close()
    return path


def test_settings_of_the_migration_are_those_of_the_weights_that_ship() -> None:
    """Weights that were trained anew since make their sounds pending: then this line leaves the comparison."""
    today = {(each.producer, each.version): each.settings for each in TODAY if each.producer in WITH_WEIGHTS}
    assert today == MIGRATION.SETTINGS


def test_what_the_same_weights_heard_is_not_pending(old: Path) -> None:
    with open_library(old) as library, library.read() as connection:
        counts = pending_by_stage(connection, TODAY)
        digests = [row[0] for row in connection.exec_driver_sql("SELECT analysis_identity FROM sounds ORDER BY id")]
    assert counts == {"analysis": 1, "analysis:labels.role.summary": 1}
    assert digests[:2] == [identity_digest(TODAY), identity_digest([*TODAY, PLUGIN])]
    assert digests[2] not in digests[:2]


def test_runs_and_statements_name_the_weights_and_nothing_else_changes(old: Path) -> None:
    settings = {each.producer: each.settings for each in TODAY}
    with open_library(old) as library, library.read() as connection:
        runs = connection.exec_driver_sql("SELECT region_id, producer, version, settings FROM runs").all()
        said = connection.exec_driver_sql("SELECT region_id, source, settings FROM observations").all()
    expected = {**settings, PLUGIN.producer: PLUGIN.settings, "embedding.spectral": "7509fb628ce5652a"}
    for region_id, producer, version, found in runs:
        is_older = producer == "labels.role.summary" and version == 1
        assert found == ("" if is_older else expected[producer]), (region_id, producer)
    role = settings["labels.role.summary"]
    assert sorted(tuple(row) for row in said) == [
        (1, "analyzer", role), (1, "user", ""), (2, "analyzer", role), (2, "user", ""), (3, "analyzer", ""), (3, "user", ""),
    ]  # fmt: skip
