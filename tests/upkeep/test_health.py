"""Health: what is well is told with numbers, what is not is found, whatever it is, and never for long."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import catalogue_samples as samples
import choice_samples
import sonoteca
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.sounds import ensure_sounds
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema import embeddings_table
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.errors import RequestError
from sonoteca.match.rank import MatchRow
from sonoteca.search.indexing import rebuild_indexes
from sonoteca.upkeep import health
from sonoteca.upkeep.health import MATCH_FIELDS, HealthRequest, check_health


def told(library: Library, check: str | None = None) -> dict[str, Any]:
    printed = check_health(library, HealthRequest(check=check)).as_json()
    assert json.loads(json.dumps(printed, allow_nan=False)) == printed
    assert set(printed) == {"ok", "check", "findings", "details"}
    return printed


@pytest.mark.parametrize("check", [None, "match_sample", "index", "database"])
def test_an_empty_library_is_well(library: Library, check: str | None) -> None:
    printed = told(library, check)
    assert (printed["ok"], printed["check"], printed["findings"]) == (True, check, [])


def test_the_cheap_look_says_that_the_data_folder_takes_files(library: Library) -> None:
    assert told(library)["details"] == {"database": True, "data_folder_writable": True}


def test_a_data_folder_that_may_not_be_written_is_found(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    printed = told(library)
    assert (printed["ok"], printed["details"]["data_folder_writable"]) == (False, False)
    assert printed["findings"][0]["code"] == "library_unwritable"
    assert str(library.data_dir) in printed["findings"][0]["message"]


def test_a_closed_library_is_a_finding_and_no_error(tmp_path: Path) -> None:
    library = open_library(tmp_path / "closed.sonoteca", mode="create")
    library.close()
    [finding] = told(library)["findings"]
    assert "was closed" in finding["message"]


def test_a_sample_counts_what_candidates_carry(library: Library) -> None:
    choice_samples.fill(library)
    details = told(library, "match_sample")["details"]
    n = choice_samples.N_QUERIES + choice_samples.N_CANDIDATES
    assert (details["queries"], details["sampled"]) == (3, n)
    # Each of the three is matched with all others.
    assert details["candidates"] + sum(details["rejected"].values()) == 3 * (n - 1)
    assert details["candidates"] > 0
    assert details["carry"] == dict.fromkeys(MATCH_FIELDS, details["candidates"])
    assert sum(details["gating_status"].values()) == details["candidates"]
    # Nothing was embedded.
    assert details["fit_scores"]["tensor"] == 0
    assert details["fit_scores"]["total_score"] == details["fit_scores"]["key"] == details["candidates"]


def test_a_row_without_one_of_the_names_is_found(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    choice_samples.fill(library)
    whole = MatchRow.as_json
    monkeypatch.setattr(
        MatchRow, "as_json", lambda self: {name: v for name, v in whole(self).items() if name != "risk_reasons"}
    )
    printed = told(library, "match_sample")
    assert [finding["code"] for finding in printed["findings"]] == ["match_fields"]
    assert printed["details"]["carry"]["risk_reasons"] == 0


def embed(library: Library, names: list[str]) -> None:
    with library.write() as connection:
        rows = ensure_sounds(connection, names)
        analysis = SoundAnalysis((samples.part(0, 0.0, 2.0),))
        vectors = {samples.SPACE.id: samples.vectors([0.0, 1.0, 0.0, 0.0])}
        results = [SoundResult(rows[name], samples.info(name), analysis, (), vectors) for name in names]
        store_results(connection, results, identities=[samples.EAR], spaces=[samples.SPACE])


def test_an_index_that_lacks_a_vector_is_found(library: Library) -> None:
    embed(library, ["x1:1", "x1:2", "x1:3"])
    rebuild_indexes(library)
    [space] = told(library, "index")["details"]["spaces"]
    assert (space["in_source"], space["stored"], space["ok"]) == (3, 3, True)
    if library.data_dir is None:
        return
    for file in (library.data_dir / "index").iterdir():
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(content)
    printed = told(library, "index")
    assert printed["findings"][0]["code"] == "index"
    assert printed["details"]["spaces"][0]["damaged_segments"] == 1


def test_the_database_is_written_and_read_back(library: Library) -> None:
    embed(library, ["x1:1"])
    details = told(library, "database")["details"]
    assert details["written_and_read_back"] is True
    if library.is_sqlite:
        assert details["tables_unchecked"] == []
        assert {"sounds", "events", "embeddings_1"} <= set(details["tables_checked"])
    with library.read() as connection:
        rows = connection.execute(sa.text("SELECT count(*) FROM meta WHERE key = 'health_check'")).scalar_one()
    assert rows == 1


def test_a_writer_at_work_is_waited_for_only_shortly(library: Library) -> None:
    with library.write() as connection:
        connection.execute(sa.text("UPDATE meta SET value = value"))
        begun = time.monotonic()
        printed = told(library, "database")
        assert time.monotonic() - begun < 5.0
    assert (printed["ok"], printed["details"]["writer_at_work"]) == (True, True)
    assert printed["details"]["written_and_read_back"] is None
    # The connection waits as long as ever again.
    assert told(library, "database")["details"]["written_and_read_back"] is True
    if library.is_sqlite:
        with library.read() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 30_000


def test_a_check_without_time_says_what_it_did_not_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_library(tmp_path / "large.sonoteca", mode="create") as library:
        with library.write() as connection:
            rows = [{"type": "test", "details": "{}", "at": f"{number:050}"} for number in range(20_000)]
            connection.execute(sa.text("INSERT INTO events (type, details, at) VALUES (:type, :details, :at)"), rows)
        monkeypatch.setattr(health, "_DATABASE_S", -1.0)
        details = told(library, "database")["details"]
        assert "events" in details["tables_unchecked"]
        monkeypatch.undo()
        assert told(library, "database")["details"]["tables_unchecked"] == []


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "damaged.sonoteca"
    with open_library(path, mode="create") as library:
        with library.write() as connection:
            rows = [{"type": "test", "details": "{}", "at": f"{number:050}"} for number in range(2_000)]
            connection.execute(sa.text("INSERT INTO events (type, details, at) VALUES (:type, :details, :at)"), rows)
        with library.read() as connection:
            query = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_events_type_at'"
            page = connection.execute(sa.text(query)).scalar_one()
    with path.open("r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\xff" * 64)
    with open_library(path) as library:
        printed = told(library, "database")
    assert printed["ok"] is False
    assert {finding["code"] for finding in printed["findings"]} <= {"integrity", "library_damaged"}


def test_a_library_that_is_only_read_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "read.sonoteca"
    open_library(path, mode="create").close()
    with open_library(path, mode="read") as library:
        assert told(library)["details"]["data_folder_writable"] is None
        assert told(library, "database")["details"]["written_and_read_back"] is None


def test_a_check_that_is_none_is_refused() -> None:
    with pytest.raises(RequestError) as caught:
        sonoteca.HealthRequest(check="everything")
    assert caught.value.field == "check"


def test_vectors_are_looked_at_last(library: Library) -> None:
    if not library.is_sqlite:
        return
    embed(library, ["x1:1"])
    assert told(library, "database")["details"]["tables_checked"][-1] == embeddings_table(1).name
