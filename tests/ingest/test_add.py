"""What becomes of files on disk: new, moved, copied, changed, retagged, missing, failed, and back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

import ingest_ears
import synth
from ingest_runs import AddOptions, add, retry
from sonoteca.audio.encode import write_audio, write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.audit import count
from sonoteca.catalogue.heard import pending
from sonoteca.catalogue.made.edit import edit, parse_statements
from sonoteca.catalogue.made.undo import undo
from sonoteca.catalogue.store import leases, schema
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.errors import FileUnreadable, LibraryFull, NotAudio, RequestError
from sonoteca.ingest.identified import Identified
from sonoteca.ingest.listen import producers_of
from sonoteca.ingest.report import AddAnswer, FileOutcome, PlanCounts, Stage
from sonoteca.ingest.requests import AddRequest
from sonoteca.ingest.worker_tasks import identify
from sonoteca.workers.executor import Done, Failed
from sonoteca.workers.in_process import InProcessExecutor

OPTIONS = AddOptions(settings=AnalysisSettings(ingest_ears.FACTORY, ingest_ears.EMBEDDERS))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        yield library


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Three sounds: a.wav, b.wav, deep/c.wav."""
    folder = tmp_path / "music"
    (folder / "deep").mkdir(parents=True)
    for at, name in enumerate(("a.wav", "b.wav", "deep/c.wav")):
        sine(folder / name, 200 + 100 * at)
    return folder


@pytest.fixture(autouse=True)
def heard() -> list[str]:
    """Content hashes in the order they were listened to in this process."""
    ingest_ears.Counting.heard.clear()
    return ingest_ears.Counting.heard


def sine(path: Path, hz: float, level: float = 0.3) -> None:
    write_wav(path, synth.sine(hz, 0.1, level=level))


def run(library: Library, *paths: Path, options: AddOptions = OPTIONS, **others: Any) -> AddAnswer:
    summary = add(library, paths, options, executor=InProcessExecutor(), **others)
    adds_up(summary)
    return summary


def adds_up(summary: AddAnswer) -> None:
    kinds = (
        summary.new + summary.copied + summary.moved + summary.changed
        + summary.retagged + summary.unchanged + summary.unreadable
    )  # fmt: skip
    assert summary.found == kinds
    assert summary.failed == len(summary.failures)


def rows(library: Library, table: sa.Table, *columns: str) -> list[Any]:
    with library.read() as connection:
        wanted = [table.c[name] for name in columns]
        return list(connection.execute(sa.select(*wanted).order_by(table.c[columns[0]])))


def test_new_files_become_analysed_sounds_and_a_second_run_finds_nothing_to_do(
    library: Library, music: Path, heard: list[str]
) -> None:
    summary = run(library, music)
    assert (summary.found, summary.new, summary.analysed, summary.failed) == (3, 3, 3, 0)
    assert summary.audio_s == pytest.approx(0.3)
    again = run(library, music)
    assert (again.found, again.unchanged, again.analysed) == (3, 3, 0)
    assert len(heard) == 3
    assert {row.status for row in rows(library, schema.sounds, "id", "status")} == {"analysed"}
    assert rows(library, schema.leases, "key") == []
    assert [row.relative_path for row in rows(library, schema.locations, "relative_path")] == [
        b"a.wav", b"b.wav", b"deep/c.wav",
    ]  # fmt: skip


def test_move_retag_and_copy_keep_the_row_and_the_analysis(library: Library, music: Path, heard: list[str]) -> None:
    tone = synth.sine(440.0, 0.2)
    write_audio(music / "song.flac", tone, tags={"title": "before"})
    run(library, music)
    before = {row.content_hash: row.id for row in rows(library, schema.sounds, "content_hash", "id")}
    (music / "a.wav").rename(music / "deep" / "renamed.wav")  # moved
    shutil.copy(music / "b.wav", music / "copy of b.wav")  # copied
    write_audio(music / "song.flac", tone, tags={"title": "after"})  # retagged
    sine(music / "deep/c.wav", 999)  # changed
    summary = run(library, music)
    assert (summary.moved, summary.copied, summary.retagged, summary.changed, summary.unchanged) == (1, 1, 1, 1, 1)
    assert summary.analysed == 1
    assert summary.missing == 0
    assert len(heard) == 5
    after = {row.content_hash: row.id for row in rows(library, schema.sounds, "content_hash", "id")}
    # What c.wav held before is nowhere now, and nobody said anything about it.
    assert len(after) == len(before)
    assert len(before.items() & after.items()) == 3
    places: dict[int, int] = {}
    for row in rows(library, schema.locations, "id", "sound_id"):
        places[row.sound_id] = places.get(row.sound_id, 0) + 1
    assert sorted(places.values()) == [1, 1, 1, 2]


def test_exact_copies_are_heard_once(library: Library, music: Path, heard: list[str]) -> None:
    for number in range(5):
        shutil.copy(music / "a.wav", music / f"copy {number}.wav")
    summary = run(library, music)
    assert (summary.new, summary.copied, summary.analysed) == (3, 5, 3)
    assert len(heard) == 3


def test_a_file_moved_to_another_root_is_moved(library: Library, music: Path, tmp_path: Path, heard: list[str]) -> None:
    run(library, music)
    (tmp_path / "other").mkdir()
    (music / "a.wav").rename(tmp_path / "other/a.wav")
    summary = run(library, tmp_path / "other")
    assert (summary.moved, summary.new, summary.analysed) == (1, 0, 0)
    assert len(rows(library, schema.locations, "id")) == 3


def test_a_missing_file_is_a_state_and_comes_back(library: Library, music: Path, heard: list[str]) -> None:
    run(library, music)
    (music / "a.wav").rename(music.parent / "a.wav")
    assert run(library, music).missing == 1
    assert run(library, music).missing == 0
    assert len(rows(library, schema.sounds, "id")) == 3
    (music.parent / "a.wav").rename(music / "a.wav")
    summary = run(library, music)
    assert (summary.returned, summary.unchanged, summary.analysed) == (1, 3, 0)
    assert [row.missing_since for row in rows(library, schema.locations, "id", "missing_since")] == [None] * 3


def test_when_most_of_a_folder_vanished_nothing_is_marked(library: Library, music: Path) -> None:
    run(library, music)
    shutil.rmtree(music / "deep")
    (music / "a.wav").unlink()
    summary = run(library, music)
    assert summary.missing == 0
    assert "2 of 3 known files are not there" in summary.warnings[0]
    summary = run(library, music, options=replace(OPTIONS, accept_missing=True))
    assert summary.missing == 2
    shutil.rmtree(music)
    summary = run(library, music)
    assert (summary.found, summary.left_out, summary.missing) == (0, 1, 0)


def test_what_is_left_out_by_a_rule_is_not_missing(library: Library, music: Path) -> None:
    run(library, music)
    summary = run(library, music, options=replace(OPTIONS, exclude=("a.wav", "b.wav", "deep")))
    assert (summary.found, summary.missing, summary.warnings) == (0, 0, ())


def test_single_files_say_nothing_of_their_neighbours(library: Library, music: Path, heard: list[str]) -> None:
    assert run(library, music / "a.wav").new == 1
    assert run(library, music / "b.wav", music / "a.wav").new == 1
    (music / "a.wav").unlink()
    summary = run(library, music / "b.wav")
    assert (summary.found, summary.unchanged, summary.missing) == (1, 1, 0)
    # The folder above is one root with what was added from it.
    summary = run(library, music.parent)
    assert (summary.new, summary.unchanged, summary.missing) == (1, 1, 1)
    assert len(rows(library, schema.roots, "id")) == 1


def test_bad_files_fail_with_code_and_sentence_and_are_not_tried_again(
    library: Library, music: Path, tmp_path: Path, heard: list[str]
) -> None:
    (music / "text.wav").write_text("hello, this is not audio")
    (music / "empty.mp3").touch()
    log = tmp_path / "failed.jsonl"
    options = replace(OPTIONS, failed_log=log)
    summary = run(library, music, options=options)
    assert (summary.analysed, summary.failed) == (3, 2)
    assert {failure.error.code for failure in summary.failures if failure.error} == {"not_audio", "empty_audio"}
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert {(Path(entry["path"]).name, entry["code"]) for entry in entries} == {
        ("text.wav", "not_audio"), ("empty.mp3", "empty_audio"),
    }  # fmt: skip
    assert all(entry["message"] and entry["remedy"] and entry["at"] for entry in entries)
    again = run(library, music, options=options)
    assert (again.failed, again.failed_before, again.analysed) == (0, 2, 0)
    # Changed for the better: it is another content now.
    sine(music / "text.wav", 555)
    assert run(library, music, options=options).analysed == 1


def test_another_program_version_tries_failed_files_again(
    library: Library, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (music / "text.wav").write_text("hello, this is not audio")
    assert run(library, music).failed == 1
    monkeypatch.setattr("sonoteca.ingest.analyse.__version__", "99.0")
    assert run(library, music).failed == 1
    assert run(library, music).failed_before == 1


def test_retry_tries_what_failed_and_nothing_else(
    library: Library, music: Path, monkeypatch: pytest.MonkeyPatch, heard: list[str]
) -> None:
    (music / "text.wav").write_text("hello, this is not audio")
    assert run(library, music).failed == 1
    monkeypatch.setattr("sonoteca.ingest.listen.open_recording", _refuses)
    assert run(library, music, options=replace(OPTIONS, force=True)).failed == 4
    monkeypatch.undo()
    heard.clear()
    executor = InProcessExecutor()
    assert retry(library, OPTIONS, codes=["crash"], executor=executor).found == 0
    summary = retry(library, OPTIONS, executor=executor)
    assert (summary.found, summary.analysed, summary.failed) == (4, 3, 1)
    assert len(heard) == 3
    assert retry(library, OPTIONS, codes=["not_audio"], executor=executor).failed == 1


def _refuses(path: str) -> None:
    raise NotAudio(f"{path} is refused today.")


class Unlucky(InProcessExecutor):
    """Batches of files crash while they are identified, and so does a.wav alone; b.wav cannot be read."""

    def run(self, function: Any, tasks: Any, **how: Any) -> Iterator[Done[Any] | Failed]:
        for task in tasks:
            if function is identify and (len(task.payload) > 1 or task.payload[0].endswith("a.wav")):
                yield Failed(task.key, "crash", "it was ended by SIGSEGV", None, 0.1)
            elif function is identify and task.payload[0].endswith("b.wav"):
                refused = Identified(task.payload[0], None, None, FileUnreadable("b.wav may not be read."))
                yield Done(task.key, [refused], 0.1)
            else:
                yield from super().run(function, [task], **how)


def test_files_that_cannot_be_identified_fail_alone_and_can_be_tried_again(library: Library, music: Path) -> None:
    summary = add(library, [music], OPTIONS, executor=Unlucky())
    adds_up(summary)
    assert (summary.found, summary.new, summary.unreadable, summary.analysed, summary.failed) == (3, 1, 2, 1, 2)
    assert {failure.error.code for failure in summary.failures if failure.error} == {"crash", "file_unreadable"}
    again = run(library, music)
    assert (again.unchanged, again.failed_before, again.analysed) == (3, 2, 0)
    assert retry(library, OPTIONS, codes=["timeout"], executor=InProcessExecutor()).found == 0
    summary = retry(library, OPTIONS, codes=["crash"], executor=InProcessExecutor())
    assert (summary.found, summary.new, summary.analysed) == (1, 1, 1)
    (music / "b.wav").unlink()
    assert retry(library, OPTIONS, executor=InProcessExecutor()).found == 0


def test_a_failed_file_that_was_repaired_is_identified_again_by_retry(library: Library, music: Path) -> None:
    (music / "text.wav").write_text("hello, this is not audio")
    (music / "more.wav").write_text("this is no audio either")
    assert run(library, music).failed == 2
    sine(music / "text.wav", 1234)
    (music / "more.wav").unlink()
    dry = retry(library, replace(OPTIONS, dry_run=True), executor=InProcessExecutor())
    assert (dry.found, dry.dry_run) == (1, True)
    summary = retry(library, OPTIONS, executor=InProcessExecutor())
    assert (summary.changed, summary.analysed, summary.failed) == (1, 1, 0)


def test_a_new_analyzer_version_makes_everything_pending_once(library: Library, music: Path, heard: list[str]) -> None:
    run(library, music)
    newer = replace(OPTIONS, settings=AnalysisSettings(ingest_ears.NEXT_VERSION, ingest_ears.EMBEDDERS))
    assert run(library, music, options=newer).analysed == 3
    assert run(library, music, options=newer).analysed == 0
    assert len(heard) == 6


def test_force_analyses_what_is_done(library: Library, music: Path, heard: list[str]) -> None:
    run(library, music)
    summary = run(library, music, options=replace(OPTIONS, force=True))
    assert (summary.unchanged, summary.analysed) == (3, 3)
    assert len(rows(library, schema.sounds, "id")) == 3


def test_a_dry_run_changes_nothing(library: Library, music: Path, heard: list[str]) -> None:
    dry = replace(OPTIONS, dry_run=True)
    summary = run(library, music, options=dry)
    assert (summary.found, summary.new, summary.analysed) == (3, 3, 3)
    assert "Would analyse 3 sounds" in summary.sentence()
    assert [rows(library, table, "id") for table in (schema.roots, schema.locations, schema.sounds)] == [[], [], []]
    run(library, music / "deep")
    # Above a known root: what lies below it is known.
    summary = run(library, music.parent, options=dry)
    assert (summary.unchanged, summary.new) == (1, 2)
    assert len(heard) == 1


def test_a_dry_run_tells_what_seems_to_have_moved_changed_and_gone(library: Library, music: Path) -> None:
    for name in ("d.wav", "e.wav"):
        sine(music / name, 700 + ord(name[0]))
    run(library, music)
    say(library, kind="track")
    first, second, third = sorted(music.glob("*.wav"))[-3:]
    first.rename(music / "elsewhere.wav")
    second.unlink()
    os.utime(third, ns=(1, 1))
    sine(music / "fresh.wav", 900)
    summary = run(library, music, options=replace(OPTIONS, dry_run=True))
    assert (summary.new, summary.moved, summary.changed, summary.missing) == (1, 1, 1, 1)
    assert (summary.unchanged, summary.analysed, summary.again) == (2, 3, 1)
    assert summary.missing_files == (str(second),)
    assert "1 new, 1 moved, 1 changed or retagged, 2 unchanged. Would analyse up to 3 sounds (1 again:" in (
        summary.sentence()
    )
    done = run(library, music)
    assert (done.new, done.moved, done.retagged, done.missing, done.analysed) == (1, 1, 1, 1, 2)


def test_what_another_run_has_just_found_is_not_called_unchanged(library: Library) -> None:
    told = AddAnswer(AddRequest(paths=("x",)), found=13, unchanged=13, elsewhere=13).sentence()
    assert told == "Found 13 files: 13 just found by another run. Analysed 0 sounds, 13 in work elsewhere."
    told = AddAnswer(AddRequest(paths=("x",)), found=15, new=2, unchanged=13, elsewhere=5).sentence()
    assert told.startswith("Found 15 files: 2 new, 10 unchanged, 3 just found by another run.")


def test_what_a_person_said_outlives_a_new_analysis(library: Library, music: Path) -> None:
    run(library, music)
    say(library, kind="track")
    run(library, music, options=replace(OPTIONS, force=True))
    kinds = [row.kind for row in rows(library, schema.summaries, "region_id", "kind")]
    assert sorted(kinds) == ["loop", "loop", "track"]


def say(library: Library, **words: str) -> None:
    """A person's word about the first sound."""
    with library.write() as connection:
        whole = connection.execute(sa.select(schema.regions.c.id).where(schema.regions.c.number == 0)).scalars().first()
        assert whole is not None
        edit(connection, [whole], parse_statements(**words))


def test_a_sound_is_heard_again_once_after_a_person_said_what_analyzers_build_on(
    library: Library, music: Path, heard: list[str]
) -> None:
    run(library, music)
    say(library, rating="5")
    assert run(library, music).analysed == 0
    say(library, kind="track")
    assert run(library, music).analysed == 1
    assert run(library, music).analysed == 0
    with library.write() as connection:
        assert undo(connection) is not None
    assert run(library, music).analysed == 1
    assert run(library, music).analysed == 0
    inputs = {row.input for row in rows(library, schema.runs, "producer", "input")}
    assert inputs == {""}
    assert len(heard) == 5


def test_what_a_person_says_while_a_sound_is_heard_makes_it_pending_again(library: Library, music: Path) -> None:
    class Talker(InProcessExecutor):
        def run(self, function: Any, tasks: Any, **how: Any) -> Iterator[Done[Any] | Failed]:
            for outcome in super().run(function, tasks, **how):
                if function.__name__ == "analyze" and outcome.key == "1":
                    say(library, kind="track")
                yield outcome

    assert add(library, [music], OPTIONS, executor=Talker()).analysed == 3
    assert run(library, music).analysed == 1
    assert run(library, music).analysed == 0
    built_on = {row.region_id for row in rows(library, schema.runs, "region_id", "input") if row.input}
    assert len(built_on) == 1


class Notes:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.plans: list[PlanCounts] = []
        self.stages: list[tuple[Stage, int]] = []
        self.outcomes: list[FileOutcome] = []

    def on_plan(self, plan: PlanCounts) -> None:
        self.plans.append(plan)

    def on_stage(self, stage: Stage, total: int) -> None:
        self.stages.append((stage, total))

    def on_outcome(self, outcome: FileOutcome) -> None:
        self.outcomes.append(outcome)


def test_progress_and_the_index_are_told(library: Library, music: Path) -> None:
    (music / "broken.wav").write_bytes(b"RIFF")
    os.mkfifo(music / "fifo.wav")
    notes = Notes()
    stored: list[int] = []

    def count(library: Library) -> None:
        stored.append(len(rows(library, schema.runs, "region_id")))

    summary = run(library, music, progress=notes, after_stored=count)
    assert notes.plans == [PlanCounts(found=4, unchanged=0, to_identify=4, left_out=1, gone=0)]
    assert notes.stages == [("identify", 4), ("listen", 4)]
    states = sorted(outcome.state for outcome in notes.outcomes)
    assert states == ["analysed"] * 3 + ["failed"] + ["identified"] * 4 + ["left_out"]
    assert summary.left_out == 1
    assert len(stored) == 1
    assert stored[0] > 0


def test_an_embedder_that_fails_costs_its_vectors_only(library: Library, music: Path) -> None:
    broken = replace(OPTIONS, settings=AnalysisSettings(ingest_ears.FACTORY, ingest_ears.BROKEN_EMBEDDERS))
    assert run(library, music, options=broken).analysed == 3
    warnings = [row.warnings for row in rows(library, schema.sounds, "id", "warnings")]
    assert all("embedder test.broken failed: RuntimeError: no weights" in texts for texts in warnings)
    assert run(library, music, options=broken).analysed == 0
    # The failure is kept and counted, and `retry` tries again.
    producers = producers_of(broken.settings)
    with library.read() as connection:
        counts = count(connection, identities=producers.identities, spaces=producers.spaces)
    assert counts["failed_runs_by_producer"] == {"embedding.test.broken": 3}
    assert (counts["embedding_gap_total"], counts["missing_embedding_ref"], counts["embedding_ok"]) == (3, 3, 0)
    assert retry(library, broken, executor=InProcessExecutor()).analysed == 3


def test_a_file_that_changed_while_it_waited_is_no_other_sounds_result(library: Library, music: Path) -> None:
    class Meddler(InProcessExecutor):
        def run(self, function: Any, tasks: Any, **how: Any) -> Iterator[Done[Any] | Failed]:
            if function.__name__ == "analyze":
                sine(music / "a.wav", 4321)
            return super().run(function, tasks, **how)

    summary = add(library, [music], OPTIONS, executor=Meddler())
    assert [failure.error.code for failure in summary.failures if failure.error] == ["file_changed"]
    assert summary.analysed == 2
    again = run(library, music)
    assert (again.changed, again.analysed) == (1, 1)


def test_a_file_that_vanished_while_it_waited_stays_pending(library: Library, music: Path) -> None:
    class Thief(InProcessExecutor):
        def run(self, function: Any, tasks: Any, **how: Any) -> Iterator[Done[Any] | Failed]:
            if function.__name__ == "analyze":
                (music / "a.wav").unlink(missing_ok=True)
            return super().run(function, tasks, **how)

    summary = add(library, [music], OPTIONS, executor=Thief())
    assert (summary.analysed, summary.failed, summary.still_pending) == (2, 0, 1)
    assert run(library, music).missing == 1


def test_another_runs_sounds_are_left_to_it(library: Library, music: Path, heard: list[str]) -> None:
    identities = producers_of(OPTIONS.settings).identities
    run(library, music, options=replace(OPTIONS, dry_run=True))

    class Rival(InProcessExecutor):
        """Another run claims the first sound just before this one listens."""

        def run(self, function: Any, tasks: Any, **how: Any) -> Iterator[Done[Any] | Failed]:
            if function.__name__ == "analyze":
                with library.write() as connection:
                    first = connection.execute(sa.select(sa.func.min(schema.sounds.c.id))).scalar_one()
                    assert pending.claim_sounds(connection, [first], "another machine", identities) == [first]
            return super().run(function, tasks, **how)

    summary = add(library, [music], OPTIONS, executor=Rival())
    assert (summary.analysed, summary.elsewhere, summary.still_pending) == (2, 1, 0)
    assert "1 in work elsewhere" in summary.sentence()
    assert len(heard) == 2
    with library.write() as connection:
        leases.release(connection, "another machine")
    assert run(library, music).analysed == 1


def test_a_full_library_says_so_and_keeps_what_it_had(tmp_path: Path, music: Path) -> None:
    with open_library(tmp_path / "full.sonoteca", mode="create") as library:
        run(library, music)
        before = rows(library, schema.sounds, "id", "status")
        n_pages = library.path.stat().st_size // 4096 if library.path else 0
    for number in range(60):
        sine(music / f"more {number}.wav", 1000 + 10 * number)
    with (
        open_library(tmp_path / "full.sonoteca", mode="write", max_pages=n_pages + 30) as library,
        pytest.raises(LibraryFull),
    ):
        add(library, [music], OPTIONS, executor=InProcessExecutor())
    with open_library(tmp_path / "full.sonoteca", mode="write") as library:
        assert rows(library, schema.sounds, "id", "status")[:3] == before
        summary = run(library, music)
        assert {row.status for row in rows(library, schema.sounds, "id", "status")} == {"analysed"}
        assert summary.found == 63


def test_ctrl_c_keeps_what_is_finished(library: Library, music: Path, heard: list[str]) -> None:
    class Impatient(Notes):
        def on_outcome(self, outcome: FileOutcome) -> None:
            if outcome.state == "analysed":
                raise KeyboardInterrupt

    summary = add(library, [music], OPTIONS, Impatient(), executor=InProcessExecutor())
    assert summary.interrupted
    assert (summary.analysed, summary.still_pending) == (1, 2)
    assert rows(library, schema.leases, "key") == []
    assert run(library, music).analysed == 2
    assert len(heard) == 3


def test_a_result_the_catalogue_refuses_does_not_take_others_with_it(
    library: Library, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sonoteca.catalogue.heard import results as stored

    real = stored.store_results

    def refuses_long_ones(connection: Any, results: Any, **options: Any) -> None:
        if any(result.info.duration_s > 0.15 for result in results):
            raise ValueError("too long for me")
        real(connection, results, **options)

    write_wav(music / "long.wav", AudioSignal(np.zeros((1, 44_100), np.float32), 44_100))
    monkeypatch.setattr(stored, "store_results", refuses_long_ones)
    summary = run(library, music)
    assert (summary.analysed, summary.failed) == (3, 1)
    assert "too long for me" in summary.failures[0].error.message  # type: ignore[union-attr]


def test_no_option_is_taken_that_makes_no_sense(library: Library, music: Path) -> None:
    with pytest.raises(RequestError, match="checkpoint_every"):
        run(library, music, options=replace(OPTIONS, checkpoint_every=0))


def test_a_run_stopped_before_anything_was_found_says_so() -> None:
    answer = AddAnswer(AddRequest(paths=["/music"]), interrupted=True)
    assert answer.sentence() == "Stopped while looking through the folders: nothing was listened to yet."
