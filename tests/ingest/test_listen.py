"""One pass over a file: embedders at their own rate, in place or elsewhere, and analyzers side by side."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import synth
from sonoteca.analysis.analyzer import ALL_KINDS, Analyzer, Known, RegionView, measured_by
from sonoteca.audio.encode import write_wav
from sonoteca.domain.descriptor import BRIGHTNESS, KIND, Descriptor
from sonoteca.domain.embedding import Space
from sonoteca.domain.file_analysis import AnalysisOrder, AnalysisSettings
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.embedding.embedder import Embedder, SpanInput, Vector
from sonoteca.embedding.spans import BATCH_S
from sonoteca.embedding.spectral import SpectralEmbedder
from sonoteca.features.feature import Feature
from sonoteca.ingest.listen import EmbedOrder, embed, listen

HIGH_HZ = 15_000.0


class HeightOfTone:
    """Where the largest partial stands, by octaves above 20 Hz; silence has no vector."""

    space = Space("test.height", 1, 10, 10.0, 5.0, "largest partial", "mono 48000 Hz")
    sample_rate = 48_000
    features: tuple[Feature, ...] = ()

    def embed(self, batch: Sequence[SpanInput]) -> list[Vector | None]:
        return [self._vector(span) for span in batch]

    def _vector(self, span: SpanInput) -> Vector | None:
        assert span.signal is not None
        samples = span.signal.samples[0]
        if not np.abs(samples).max() > 1e-4:
            return None
        hz = np.abs(np.fft.rfft(samples)).argmax() * span.signal.sample_rate / len(samples)
        return np.eye(10, dtype=np.float32)[int(np.log2(hz / 20.0))]


class OneTooFew(HeightOfTone):
    space = Space("test.few", 1, 10, 10.0, 5.0, "none", "none")

    def embed(self, batch: Sequence[SpanInput]) -> list[Vector | None]:
        return super().embed(batch)[1:]


class HighShare:
    """Share of power above 11 kHz, which only its own rate holds; everything is a loop."""

    id: ClassVar[str] = "test.high_share"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (KIND, BRIGHTNESS)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = ()
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS
    sample_rate: ClassVar[int] = 44_100

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        power = np.square(np.abs(np.fft.rfft(region.signal(sample_rate=self.sample_rate).samples[0])))
        above = power[round(11_000 / 22_050 * (len(power) - 1)) :].sum() / power.sum()
        yield Observation(KIND, Kind.LOOP.value, None, measured_by(self))
        yield Observation(BRIGHTNESS, float(np.clip(above, 0.0, 1.0)), None, measured_by(self))


def analyzers() -> tuple[Analyzer, ...]:
    return (HighShare(),)


def embedders() -> tuple[Embedder, ...]:
    return (SpectralEmbedder(), HeightOfTone())


def wrong_embedders() -> tuple[Embedder, ...]:
    return (OneTooFew(),)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "high.wav"
    write_wav(path, synth.sine(HIGH_HZ, 17.0, rate=44_100))
    return path


def order(file: Path, embedders: str = "embedders") -> AnalysisOrder:
    return AnalysisOrder(str(file), AnalysisSettings(f"{__name__}:analyzers", f"{__name__}:{embedders}"))


def test_analyzers_and_embedders_hear_at_the_rates_they_declare(file: Path) -> None:
    heard = listen(order(file))
    said = {each.descriptor: each.value for each in heard.analysis.whole.observations}
    assert said[BRIGHTNESS] == pytest.approx(1.0, abs=0.01)
    (found,) = heard.embeddings[HeightOfTone.space.id]
    # 15 kHz lies in the tenth octave above 20 Hz; at 22,050 Hz it could not be told.
    assert [int(each.vector.argmax()) for each in found] == [9] * 4
    assert [(each.start_s, each.end_s, each.is_window) for each in found] == [
        (0.0, 17.0, False), (0.0, 10.0, True), (5.0, 15.0, True), (7.0, 17.0, True),
    ]  # fmt: skip


def test_batches_of_samples_can_be_embedded_elsewhere_and_those_of_frames_stay(file: Path) -> None:
    sent: list[EmbedOrder] = []

    def elsewhere(wanted: EmbedOrder) -> Sequence[Vector | None]:
        arrived: EmbedOrder = pickle.loads(pickle.dumps(wanted))
        sent.append(arrived)
        return embed(arrived)

    here, there = listen(order(file)), listen(order(file), embed_elsewhere=elsewhere)
    assert {each.space_id for each in sent} == {HeightOfTone.space.id}
    assert sum(span.duration_s for each in sent for span in each.batch) == 17.0 + 3 * 10.0
    for space_id, (expected,) in here.embeddings.items():
        (found,) = there.embeddings[space_id]
        assert np.array_equal([each.vector for each in found], [each.vector for each in expected])


def test_a_long_region_is_the_mean_of_its_windows_and_batches_stay_small(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    sound = synth.sequence(synth.sine(HIGH_HZ, 100.0, rate=44_100), synth.sine(100.0, 50.0, rate=44_100))
    write_wav(path, sound)
    held: list[float] = []

    def elsewhere(wanted: EmbedOrder) -> Sequence[Vector | None]:
        held.append(sum(span.duration_s for span in wanted.batch))
        return embed(wanted)

    heard = listen(order(path), embed_elsewhere=elsewhere)
    (whole, *windows) = heard.embeddings[HeightOfTone.space.id][0]
    assert (whole.start_s, whole.end_s, whole.is_window, len(windows)) == (0.0, 150.0, False, 29)
    assert len(held) > 1
    assert max(held) <= BATCH_S
    mean = np.mean([each.vector for each in windows], axis=0)
    np.testing.assert_allclose(whole.vector, mean / np.linalg.norm(mean), atol=1e-6)


def test_an_embedder_that_breaks_its_promise_costs_its_own_answers(file: Path) -> None:
    heard = listen(order(file, "wrong_embedders"))
    assert heard.embeddings[OneTooFew.space.id] == [[]]
    assert heard.failed_spaces[OneTooFew.space.id] == "ValueError: 3 answers for 4 spans"
    assert heard.analysis.whole.observations


def test_silence_has_no_vector(tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    write_wav(path, synth.silence(12.0))
    assert listen(order(path)).embeddings[HeightOfTone.space.id] == [[]]
