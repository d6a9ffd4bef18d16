"""Waveforms to draw."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.handmade import pluck, tone
from sonoteca.audio.memory import MemoryRecording
from sonoteca.audio.signal import AudioSignal
from sonoteca.audio.waveform import OVERVIEW_POINTS, ZOOM_POINTS, draw, read_dat, write_dat


def recorded(samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]], rate: int = 44_100) -> MemoryRecording:
    return MemoryRecording.from_samples(AudioSignal(np.atleast_2d(samples).astype(np.float32), rate))


@pytest.mark.parametrize(
    ("n_points", "duration_s"), [(OVERVIEW_POINTS, 10.0), (ZOOM_POINTS, 60.0), (ZOOM_POINTS, 10.0)]
)
def test_there_are_as_many_points_as_asked_for(n_points: int, duration_s: float) -> None:
    with recorded(tone(hz=50, duration_s=duration_s, dbfs=-6, rate=8_000), 8_000) as recording:
        waveform = draw(recording, n_points)
    assert len(waveform.rms) == len(waveform.minimum) == len(waveform.maximum) == n_points
    assert waveform.duration_s == duration_s


def test_a_burst_shows_where_it_is() -> None:
    samples = np.zeros(441_000, np.float32)
    samples[220_500:264_600] = tone(hz=1000, duration_s=1, dbfs=0, rate=44_100)
    with recorded(samples) as recording:
        waveform = draw(recording)
    loud = np.flatnonzero(waveform.maximum > 0.9)
    assert abs(loud[0] - 500) <= 1
    assert abs(loud[-1] - 600) <= 1
    assert waveform.rms[550] == pytest.approx(np.sqrt(0.5), abs=0.02)
    assert waveform.rms[100] == 0.0


@settings(deadline=None, max_examples=25)
@given(n=st.integers(0, 30_000), n_points=st.integers(1, 2_000))
def test_rms_lies_within_the_extremes(n: int, n_points: int) -> None:
    with recorded(np.random.default_rng(n).uniform(-1, 1, n).astype(np.float32), 22_050) as recording:
        waveform = draw(recording, n_points)
    assert len(waveform.rms) == min(n_points, max(1, n))
    largest = np.maximum(np.abs(waveform.minimum), np.abs(waveform.maximum))
    assert (waveform.rms <= largest + 1e-6).all()
    assert (waveform.minimum <= waveform.maximum).all()


def test_a_one_shot_is_drawn_from_its_samples() -> None:
    with recorded(pluck(4_000, 44_100).samples) as recording:
        waveform = draw(recording)
        assert len(waveform.rms) == OVERVIEW_POINTS
        assert waveform.maximum.max() == recording.read(0, recording.n_samples).max()


def test_json_is_plain() -> None:
    with recorded(pluck(44_100, 44_100).samples) as recording:
        drawn = draw(recording, 100).to_json()
    again = json.loads(json.dumps(drawn))
    assert again == drawn
    assert set(again) == {"version", "duration_s", "n_points", "min", "max", "rms"}
    assert len(again["rms"]) == again["n_points"] == 100


@pytest.mark.parametrize("n_points", [0, -1])
def test_no_points_is_an_error(n_points: int) -> None:
    with recorded(np.zeros(10, np.float32)) as recording, pytest.raises(ValueError, match=str(n_points)):
        draw(recording, n_points)


def test_a_dat_file_is_read_back(tmp_path: Path) -> None:
    samples = np.concatenate([np.full(256, 0.5), np.tile([0.25, -0.75], 128), [2.0]])
    with recorded(samples) as recording:
        write_dat(tmp_path / "x.dat", recording.measurements)
    dat = read_dat(tmp_path / "x.dat")
    assert (dat.sample_rate, dat.samples_per_pixel) == (44_100, 256)
    np.testing.assert_allclose(dat.minimum, [[0.5, -0.75, 1.0]], atol=1e-4)
    np.testing.assert_allclose(dat.maximum, [[0.5, 0.25, 1.0]], atol=1e-4)


def test_the_header_is_that_of_audiowaveform_version_2(tmp_path: Path) -> None:
    with recorded(np.zeros(1_000, np.float32)) as recording:
        write_dat(tmp_path / "x.dat", recording.measurements)
    data = (tmp_path / "x.dat").read_bytes()
    # version, flags (16 bit), rate, samples per pixel, pixels, channels; then min and max each.
    assert struct.unpack_from("<iIiiIi", data) == (2, 0, 44_100, 256, 4, 1)
    assert len(data) == 24 + 4 * 2 * 2


def test_version_1_and_8_bit_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.dat").write_bytes(struct.pack("<iIiiI4b", 1, 1, 48_000, 512, 2, -127, 127, 0, 64))
    dat = read_dat(tmp_path / "x.dat")
    np.testing.assert_allclose(dat.minimum, [[-1.0, 0.0]])
    np.testing.assert_allclose(dat.maximum, [[1.0, 64 / 127]])


@pytest.mark.parametrize(
    "data",
    [b"", b"\x02\0\0\0", struct.pack("<iIiiIi", 3, 0, 1, 1, 0, 1), struct.pack("<iIiiIi", 2, 0, 44_100, 256, 10**9, 1)],
)
def test_what_is_no_waveform_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.dat").write_bytes(data)
    with pytest.raises(ValueError, match=r"x\.dat"):
        read_dat(tmp_path / "x.dat")
