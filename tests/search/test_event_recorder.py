"""Events are kept beside the answers, say nothing that they should not, and never grow for ever."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import catalogue_samples as samples
import choice_samples
import sonoteca
from sonoteca.catalogue.store import events
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema import events as events_table
from sonoteca.domain.names import public_id
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.search import event_recorder
from sonoteca.search.event_recorder import MOST_CANDIDATES, EventRecorder

QUERY = public_id("x1:query0")


class Asked(Request):
    """A question with all that a recorder has to look at."""

    sound: str | None = None
    sounds: tuple[str, ...] = ()
    file: str | None = None
    words: str = ""
    k: int = 10


@dataclass(frozen=True)
class Offered:
    id: str
    region: int
    score: float

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "region": self.region, "score": self.score, "path": "/home/somebody/secret.wav"}


@dataclass(frozen=True)
class Answer:
    request: Asked
    rows: tuple[Offered, ...] = ()
    total: int | None = None


@pytest.fixture
def stocked(library: Library) -> Library:
    choice_samples.fill(library)
    return library


def lines(library: Library, since: str | None = None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in sonoteca.event_lines(library, sonoteca.EventsRequest(since=since))]


def test_a_match_is_kept_with_its_candidates_and_scores(stocked: Library) -> None:
    answer = sonoteca.find_matches(stocked, sonoteca.MatchRequest(sound="/music/query0.wav", role="bass", k=3))
    with EventRecorder(stocked) as recorder:
        recorder.note("match", answer)
        assert recorder.flush()
        assert (recorder.kept, recorder.lost) == (1, 0)
    [line] = lines(stocked)
    assert set(line) == {"id", "at", "kind", "request", "uploaded", "candidates", "total", "weights_version"}
    assert (line["kind"], line["uploaded"], line["total"]) == ("match", False, answer.total)
    # By its id: where the file lies is nobody's business.
    assert line["request"] == {**answer.request.as_json(), "sound": QUERY}
    rows = [row.as_json() for row in answer.rows]
    assert line["candidates"] == [{name: row[name] for name in ("id", "region", "score")} for row in rows]
    assert len(line["candidates"]) == 3
    assert line["weights_version"] == answer.weights_version


def test_nothing_of_an_upload_is_kept_but_that_there_was_one(stocked: Library, tmp_path: Path) -> None:
    upload = str(tmp_path / "staging" / "a voice.wav")
    rows = (Offered(QUERY, 0, 0.5),)
    with EventRecorder(stocked) as recorder:
        recorder.note("match", Answer(Asked(sound=upload), rows))
        recorder.note("similar", Answer(Asked(sounds=(upload, "/music/query1.wav")), rows))
        recorder.note("hum", Answer(Asked(file=upload), rows))
        recorder.note("search", Answer(Asked(words="rain\x00 café", k=5), rows))
    match, similar, hum, search = lines(stocked)
    assert (match["uploaded"], similar["uploaded"], hum["uploaded"], search["uploaded"]) == (True, True, True, True)
    assert match["request"]["sound"] is None
    assert similar["request"]["sounds"] == [None, public_id("x1:query1")]
    assert "file" not in hum["request"]
    assert search["request"]["words"] == "rain\\x00 café"
    text = json.dumps([match, similar, hum])
    assert "staging" not in text
    assert "voice" not in text
    assert "/home/somebody" not in text


def test_a_long_answer_is_cut(library: Library) -> None:
    rows = tuple(Offered(f"s{number}", 0, 0.5) for number in range(1_000))
    with EventRecorder(library) as recorder:
        recorder.note("search", Answer(Asked(words="rain"), rows, total=1_000))
    [line] = lines(library)
    assert [each["id"] for each in line["candidates"]] == [f"s{number}" for number in range(MOST_CANDIDATES)]
    assert line["total"] == 1_000


def test_old_and_many_events_are_forgotten_and_choices_are_not(library: Library) -> None:
    with library.write() as connection:
        for at in ("2020-01-01T00:00:00.000Z", "2021-01-01T00:00:00.000Z"):
            events.record_all(connection, [events.NewEvent("asked_search", at=at), events.NewEvent("edited", at=at)])
            details: dict[str, Any] = {"query": "q", "role": None, "weights_version": "1"}
            events.record_all(connection, [events.NewEvent("match_accepted", "c", details, at)])
    with EventRecorder(library, keep_days=30, most=5) as recorder:
        for number in range(12):
            recorder.note("search", Answer(Asked(words=str(number))))
            assert recorder.flush()
    told = lines(library)
    kept = [line["request"]["words"] for line in told if line["kind"] == "search"]
    # At most so many more as come between two looks.
    assert kept[-5:] == ["7", "8", "9", "10", "11"]
    assert len(kept) <= 10
    assert [line["at"][:4] for line in told if line["kind"] == "accepted"] == ["2020", "2021"]
    with library.read() as connection:
        query = sa.select(sa.func.count()).select_from(events_table).where(events_table.c.type == "edited")
        assert connection.execute(query).scalar_one() == 2


def test_noting_never_waits_for_a_writer(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_recorder, "_WAIT_S", 0.05)
    recorder = EventRecorder(library)
    with library.write() as connection:
        connection.execute(sa.text("UPDATE meta SET value = value"))
        begun = time.monotonic()
        for number in range(3_000):
            recorder.note("search", Answer(Asked(words=str(number))))
        assert time.monotonic() - begun < 2.0
        recorder.flush(1.0)
    recorder.close(60.0)
    recorder.note("search", Answer(Asked()))
    # More than may wait came at once: what is not kept is counted.
    assert recorder.lost > 0
    assert recorder.kept + recorder.lost == 3_001
    assert len(lines(library)) == recorder.kept


def test_many_threads_note_at_once_and_none_is_lost(library: Library) -> None:
    with EventRecorder(library) as recorder:

        def note() -> None:
            for number in range(50):
                recorder.note("next", Answer(Asked(words=str(number))))

        threads = [threading.Thread(target=note) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (recorder.kept, recorder.lost) == (400, 0)
    assert len(lines(library)) == 400


def test_a_fault_of_one_answer_is_counted_and_the_next_is_kept(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    with EventRecorder(library) as recorder:
        recorder.note("search", Answer(Asked(), rows=(None,)))  # type: ignore[arg-type]
        assert recorder.flush()
        recorder.note("search", Answer(Asked(words="rain")))
    assert (recorder.kept, recorder.lost) == (1, 1)
    assert "1 events are lost" in caplog.text


def test_closing_twice_and_without_any_event(tmp_path: Path) -> None:
    with open_library(tmp_path / "one.sonoteca", mode="create") as library:
        recorder = EventRecorder(library)
        assert recorder.flush()
        recorder.close()
        recorder.close()
        with pytest.raises(RequestError):
            EventRecorder(library, keep_days=0)
    with open_library(tmp_path / "one.sonoteca", mode="read") as library, pytest.raises(RequestError):
        EventRecorder(library)


# --- as lines -------------------------------------------------------------------------------------


@pytest.fixture
def eventful(stocked: Library) -> Library:
    """A match and what became of it: one taken, one turned down, then taken after all."""
    with EventRecorder(stocked) as recorder:
        recorder.note("match", sonoteca.find_matches(stocked, sonoteca.MatchRequest(sound=QUERY, role="bass")))
    for candidate, liked in ((0, False), (1, True), (0, True)):
        name = public_id(f"x1:candidate{candidate}")
        sonoteca.choose_match(stocked, sonoteca.ChoiceRequest(query=QUERY, candidate=name, liked=liked, role="bass"))
    return stocked


def test_choices_are_told_with_what_the_match_said(eventful: Library) -> None:
    kinds = [line["kind"] for line in lines(eventful)]
    assert kinds == ["match", "rejected", "accepted", "accepted"]
    last = lines(eventful)[-1]
    assert set(last) == {
        "id", "at", "kind", "candidate", "candidate_region", "query", "role", "weights_version", "judged_as", "axes", "cost",
        "tempo_ratio", "semitone_shift",
    }  # fmt: skip
    assert (last["query"], last["candidate"], last["role"]) == (QUERY, public_id("x1:candidate0"), "bass")


def test_since_takes_dates_ages_and_moments(eventful: Library) -> None:
    everything = lines(eventful)
    assert lines(eventful, "1d") == lines(eventful, "2020") == everything
    assert lines(eventful, everything[1]["at"]) == [line for line in everything if line["at"] >= everything[1]["at"]]
    assert lines(eventful, "2999-01-01") == []
    with pytest.raises(RequestError) as caught:
        sonoteca.EventsRequest(since="soon")
    assert caught.value.field == "since"


def test_a_file_of_events_is_whole_and_teaches_what_the_log_teaches(eventful: Library, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    answer = sonoteca.export_events(eventful, sonoteca.EventExportRequest(output=out))
    assert answer.as_json() == {"path": str(out), "events": 4, "bytes": out.stat().st_size}
    assert [json.loads(line) for line in out.read_text("utf-8").splitlines()] == lines(eventful)
    assert list(tmp_path.glob(".sonoteca-*")) == []
    from sonoteca.match.choices import read_event_lines, recorded_choices

    with eventful.read() as connection:
        recorded = recorded_choices(connection)
    # The last word about a pair counts, once.
    assert [(choice.candidate, choice.liked) for choice in recorded] == [
        (public_id("x1:candidate1"), True),
        (public_id("x1:candidate0"), True),
    ]
    assert read_event_lines(out) == recorded
    with pytest.raises(RequestError) as caught:
        sonoteca.export_events(eventful, sonoteca.EventExportRequest(output=tmp_path / "no" / "events.jsonl"))
    assert caught.value.field == "output"


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"kind": "accepted"}', '{"kind": "rejected", "candidate": "x", "query": "y", "role": "tuba"}']
)
def test_a_line_that_is_no_event_is_named(tmp_path: Path, text: str) -> None:
    from sonoteca.match.choices import read_event_lines

    path = tmp_path / "events.jsonl"
    path.write_text(f'{{"kind": "search"}}\n\n{text}\n')
    with pytest.raises(RequestError, match="line 3"):
        read_event_lines(path)
    with pytest.raises(RequestError, match="cannot be read"):
        read_event_lines(tmp_path / "none.jsonl")


def test_tuning_from_exported_events_is_tuning_from_the_log(stocked: Library, tmp_path: Path) -> None:
    from sonoteca.match.choices import record_choice

    with stocked.write() as connection:
        for choice in choice_samples.all_pairs():
            record_choice(connection, choice, weights_version="1")
    out = tmp_path / "events.JSONL"
    sonoteca.export_events(stocked, sonoteca.EventExportRequest(output=out))
    from_log = sonoteca.tune_matches(stocked, sonoteca.TuneRequest())
    from_file = sonoteca.tune_matches(stocked, sonoteca.TuneRequest(pairs=out))
    assert from_file.choices == from_log.choices == choice_samples.N_QUERIES * choice_samples.N_CANDIDATES
    assert from_file.as_json() == from_log.as_json()


def test_more_than_one_page_of_events(library: Library) -> None:
    with library.write() as connection:
        events.record_all(connection, [events.NewEvent("asked_search", None, {"n": n}) for n in range(2_500)])
        samples.add(connection, "one.wav", "x1:one", kind="loop")
    told = sonoteca.event_lines(library)
    first = json.loads(next(told))
    # Between two lines nothing of the library is held: a writer goes on.
    with library.write(wait_s=1.0) as connection:
        events.record(connection, "asked_search", details={"n": 2_500})
    assert [first["n"], *(json.loads(line)["n"] for line in told)] == list(range(2_501))
