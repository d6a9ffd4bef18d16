"""Frames of long sounds in a file: the same frames, the same analysis, nothing left behind."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import pytest

import synth
from sonoteca.analysis.analyzer import RegionView
from sonoteca.analysis.builtin import builtin_analyzers
from sonoteca.analysis.engine import analyze_recording, declared_features
from sonoteca.audio.recording import Recording
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.region import Region
from sonoteca.errors import AudioError
from sonoteca.features import feature_pass, frame_spool
from sonoteca.features.feature import BLOCK_LENGTH, Feature
from sonoteca.features.feature_pass import compute_features
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.frame_spool import FrameSpool, SpooledSeries
from sonoteca.features.onset import BandMagnitude, band_flux, group_flux, log_bands

Frames: TypeAlias = Mapping[Feature, FrameSeries]
RATE = 22_050


def song_and_pause() -> AudioSignal:
    """Three blocks long: a loop of drums over chords, a pause, and a chord."""
    chords = synth.pad(["C", "G", "A:min", "F"], 2.0)
    song = synth.mix(synth.drums(120, 4), chords)
    return synth.sequence(song, song, synth.silence(3.0), song, synth.chord("F", 4.0))


def both_ways(features: Iterable[Feature]) -> tuple[Recording, Frames, Frames]:
    source = synth.recording(song_and_pause())
    held, spooled = (
        compute_features(
            source.read, n_samples=source.n_samples, sample_rate=RATE, features=features, in_memory_s=in_memory_s
        )
        for in_memory_s in (feature_pass.IN_MEMORY_S, 0.0)
    )
    return source, held, spooled


def test_frames_from_the_file_are_those_of_memory() -> None:
    features = declared_features(builtin_analyzers())
    source, held, spooled = both_ways(features)
    assert source.n_samples > 2 * BLOCK_LENGTH
    for feature in features:
        assert isinstance(spooled[feature], SpooledSeries)
        assert not isinstance(held[feature], SpooledSeries)
        assert spooled[feature].n_frames == held[feature].n_frames
        np.testing.assert_array_equal(spooled[feature].values, held[feature].values)
        np.testing.assert_array_equal(spooled[feature].times_s, held[feature].times_s)
        for start_s, end_s in ((0.0, 0.01), (3.3, 12.7), (11.0, 99.0), (30.0, 30.0)):
            part, same = spooled[feature].between(start_s, end_s), held[feature].between(start_s, end_s)
            assert part.first_frame == same.first_frame
            np.testing.assert_array_equal(part.values, same.values)


def test_an_analyzer_is_given_frames_in_memory() -> None:
    feature = BandMagnitude()
    source, held, spooled = both_ways([feature])
    whole = RegionView(Region(0, 0.0, source.info.duration_s), source, spooled).frames(feature)
    assert whole.values is whole.values
    np.testing.assert_array_equal(whole.values, held[feature].values)
    part = RegionView(Region(1, 5.0, 9.0), source, spooled).frames(feature)
    assert part.values is part.values
    assert part.n_frames == held[feature].between(5.0, 9.0).n_frames


def test_the_analysis_is_the_same_from_the_file() -> None:
    analyzers = builtin_analyzers()
    source, held, spooled = both_ways(declared_features(analyzers))
    from_memory = analyze_recording(source, held, analyzers)
    from_file = analyze_recording(source, spooled, analyzers)
    assert len(from_memory.whole.observations) > 10
    for one, other in zip(from_memory.regions, from_file.regions, strict=True):
        assert one.region == other.region
        assert [(o.descriptor, o.value) for o in one.observations] == [
            (o.descriptor, o.value) for o in other.observations
        ]
        assert [(run.producer, run.outcome) for run in one.runs] == [(run.producer, run.outcome) for run in other.runs]


def test_the_file_is_closed_when_nobody_holds_the_frames() -> None:
    _, _, spooled = both_ways([BandMagnitude()])
    file = cast(Any, spooled[BandMagnitude()])._spool._file
    assert not file.closed
    del spooled
    gc.collect()
    assert file.closed


def test_a_spool_gives_only_what_it_holds() -> None:
    spool = FrameSpool()
    spool.append(np.arange(6, dtype=np.float32).reshape(2, 3))
    spool.append(np.arange(6, 10, dtype=np.float32).reshape(2, 2))
    assert spool.read(1, 5).tolist() == [[1.0, 2.0, 6.0, 7.0], [4.0, 5.0, 8.0, 9.0]]
    assert spool.read(2, 2).shape == (2, 0)
    with pytest.raises(ValueError, match="frames 3 to 6 were asked of 5"):
        spool.read(3, 6)
    spool.close()


def test_long_stretches_are_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_spool, "_AT_ONCE", 7)
    frames = np.random.default_rng(0).standard_normal((2, 3, 100)).astype(np.float32)
    spool = FrameSpool()
    spool.append(frames)
    np.testing.assert_array_equal(spool.read(5, 90), frames[..., 5:90])
    spool.close()


def test_no_room_for_the_file_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(AudioError, match="temporary file of a long sound cannot be written") as caught:
        FrameSpool()
    assert "TMPDIR" in str(caught.value.remedy)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
@pytest.mark.parametrize("n_frames", [10, 100_000])
def test_a_full_disk_is_an_error_of_the_file(monkeypatch: pytest.MonkeyPatch, n_frames: int) -> None:
    monkeypatch.setattr(frame_spool, "_temporary_file", lambda: open("/dev/full", "wb"))  # noqa: SIM115 - the spool's
    spool = FrameSpool()

    def fill() -> None:
        spool.append(np.zeros((2, n_frames), np.float32))
        spool.seal()

    with pytest.raises(AudioError, match="temporary file of a long sound cannot be written"):
        fill()
    spool.close()
    assert spool._file.closed


def test_flux_does_not_depend_on_the_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    _, held, _ = both_ways([BandMagnitude()])
    bands = held[BandMagnitude()].values
    whole = group_flux(log_bands(bands))
    monkeypatch.setattr("sonoteca.features.onset._STRETCH", 101)
    np.testing.assert_array_equal(band_flux(bands), whole)
    assert not band_flux(np.zeros_like(bands)).any()
