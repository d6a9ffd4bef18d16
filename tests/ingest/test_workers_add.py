"""The main job with real worker processes: crashes, hangs and eaters of memory cost their own file only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

import ingest_ears
import synth
from ingest_runs import AddOptions, add, retry
from sonoteca.audio.decode import open_recording
from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.errors import NotAudio, WorkerCrashed, WorkerTimedOut
from sonoteca.ingest.inspect import InspectRequest, inspect
from sonoteca.ingest.listener import Listener
from sonoteca.workers.executor import DEFAULT_AHEAD
from sonoteca.workers.in_process import InProcessExecutor

EARS = AnalysisSettings(ingest_ears.FRAGILE, ingest_ears.EMBEDDERS)
OPTIONS = AddOptions(workers=2, settings=EARS, memory_mb=400, timeout_s=3.0, checkpoint_every=4)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        yield library


def starting_with(path: Path, level: float) -> Path:
    """A sound whose first sample tells ``ingest_ears.Fragile`` what to do."""
    samples = np.full((1, 2_205), level, np.float32)
    samples[0, 100:] = 0.1
    write_wav(path, AudioSignal(samples, 22_050))
    return path


@pytest.mark.skipif(os.name != "posix", reason="names of signals")
def test_bad_files_cost_themselves_and_retry_gives_them_another_chance(library: Library, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for number in range(10):
        write_wav(music / f"good {number}.wav", synth.sine(200 + 10 * number, 0.1))
    starting_with(music / "crash.wav", 0.25)
    starting_with(music / "hang.wav", 0.5)
    starting_with(music / "eat.wav", 0.75)
    summary = add(library, [music], OPTIONS)
    assert (summary.analysed, summary.failed) == (10, 3)
    errors = {Path(failure.path).stem: failure.error for failure in summary.failures}
    codes = {name: error.code for name, error in errors.items() if error is not None}
    assert codes == {"crash": "crash", "hang": "timeout", "eat": "memory"}
    assert errors["crash"] is not None
    assert "SIGSEGV" in errors["crash"].message
    with library.read() as connection:
        kept = dict(connection.execute(sa.select(schema.sounds.c.error_code, schema.sounds.c.error_remedy)).all())
    assert kept.keys() == {None, "crash", "timeout", "memory"}
    assert "more memory" in kept["memory"]
    # With other settings nothing is wrong with them.
    healthy = replace(OPTIONS, settings=AnalysisSettings(ingest_ears.FACTORY, ingest_ears.EMBEDDERS))
    assert retry(library, healthy, codes=["timeout"]).analysed == 1
    assert retry(library, healthy).analysed == 2


def test_inspect_answers_in_input_order_failures_included(tmp_path: Path) -> None:
    paths: list[str | bytes] = []
    for number in range(6):
        path = tmp_path / f"{number}.wav"
        write_wav(path, synth.sine(300 + 50 * number, 0.5 if number == 0 else 0.05))
        paths.append(str(path))
    (tmp_path / "text.wav").write_text("not audio")
    paths[3:3] = [str(tmp_path / "text.wav"), str(tmp_path), str(tmp_path / "none.wav")]
    odd = os.path.join(os.fsencode(tmp_path), b"odd \xff.wav")
    if os.name == "posix":
        write_wav(os.fsdecode(odd), synth.sine(999, 0.05))
        paths.append(odd)
    with Listener(AnalysisSettings(ingest_ears.FACTORY), workers=2, memory_mb=400) as listener:
        objects = list(inspect(InspectRequest(paths=paths, timeout_s=3.0), listener=listener))
    assert [each["path"] for each in objects][:9] == paths[:9]
    assert [each["status"] for each in objects] == ["ok"] * 3 + ["failed"] * 3 + ["ok"] * (len(paths) - 6)
    codes = [each["error"]["code"] for each in objects if each["error"]]  # type: ignore[index, call-overload]
    assert codes == ["not_audio", "not_a_file", "file_unreadable"]
    assert objects[0]["kind"] == {"value": "loop", "confidence": 1.0, "certainty": "stated"}
    if os.name == "posix":
        assert str(objects[-1]["path"]).endswith("odd \\xff.wav")
    assert list(inspect(InspectRequest(paths=()))) == []


def test_one_file_is_heard_with_its_vectors_or_its_error_is_raised(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", synth.sine(300, 0.1))
    (tmp_path / "text.wav").write_text("not audio")
    with Listener(EARS, memory_mb=400) as listener:
        heard = listener.analyze_file(tmp_path / "a.wav")
        assert [len(vectors) for vectors in heard.embeddings["test.eight.v1." + _digest()]] == [1]
        with pytest.raises(WorkerCrashed, match="crash"):
            listener.analyze_file(starting_with(tmp_path / "crash.wav", 0.25))
        with pytest.raises(WorkerTimedOut, match="deadline"):
            listener.analyze_file(starting_with(tmp_path / "hang.wav", 0.5), timeout_s=0.3)
        with pytest.raises(NotAudio, match=r"text\.wav"):
            listener.analyze_file(tmp_path / "text.wav")


def test_a_started_listener_hears_from_several_threads_and_starts_again_after_it_was_closed(tmp_path: Path) -> None:
    for number in range(4):
        write_wav(tmp_path / f"{number}.wav", synth.sine(300 + number, 0.1 * (number + 1)))
    listener = Listener(EARS, workers=2)
    listener.start()
    with ThreadPoolExecutor(4) as threads:
        heard = list(threads.map(listener.analyze_file, [tmp_path / f"{number}.wav" for number in range(4)]))
    assert [each.info.duration_s for each in heard] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    listener.close()
    assert listener.analyze_file(tmp_path / "0.wav").info.duration_s == pytest.approx(0.1)
    listener.close()


def _length_s(path: str) -> float:
    with open_recording(path) as recording:
        return recording.info.duration_s


class Counting(InProcessExecutor):
    """Knows how many tasks were begun."""

    n_begun = 0

    def submit(self, *arguments: Any, **named: Any) -> Future[Any]:
        self.n_begun += 1
        return super().submit(*arguments, **named)


def test_files_are_begun_before_their_answers_are_asked_for_and_a_bad_one_is_its_error(tmp_path: Path) -> None:
    write_wav(tmp_path / "good.wav", synth.sine(440, 1.5))
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    executor = Counting()
    with Listener(executor=executor) as listener:
        names = [tmp_path / "good.wav", tmp_path / "bad.wav"] * 20
        answers = listener.ask_each(_length_s, names, timeout_s=60)
        begun_first = executor.n_begun
        heard = list(answers)
    assert begun_first == 1 + DEFAULT_AHEAD < len(names)
    assert executor.n_begun == len(names)
    assert heard[::2] == [1.5] * 20
    assert all(isinstance(error, NotAudio) and "bad.wav" in str(error) for error in heard[1::2])


def test_who_has_a_file_inspected_loads_neither_numpy_nor_a_decoder(tmp_path: Path) -> None:
    """They cost more than the sound: only the worker pays for them."""
    write_wav(tmp_path / "a.wav", synth.sine(300, 0.1))
    code = (
        "import sys, sonoteca\n"
        f"request = sonoteca.InspectRequest(paths=[{str(tmp_path / 'a.wav')!r}])\n"
        "assert [each['status'] for each in sonoteca.inspect(request)] == ['ok']\n"
        "print(sorted({'numpy', 'scipy', 'av', 'soxr', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _digest() -> str:
    return ingest_ears.EightNumbers.space.digest
