"""Waveforms as browsers read them: drawn once, of the frames that are played, kept beside the library."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

import synth
from media_samples import Played
from sonoteca.audio.dat import dat_as_json, dat_bytes, is_dat
from sonoteca.audio.encode import write_audio
from sonoteca.audio.peaks import MOST_PIXELS, OVERVIEW_PIXELS, SAMPLES_PER_PIXEL, PeakMeter
from sonoteca.audio.signal import AudioSignal
from sonoteca.errors import RequestError, SoundsMissing
from sonoteca.media.waveform import WaveformRequest


def pixels(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.frombuffer(data[24:], "<i2").reshape(-1, 2)


def test_the_bytes_are_those_of_audiowaveform_version_2(played: Played) -> None:
    samples = np.concatenate([np.full(256, 0.5), np.tile([0.25, -0.75], 128), [2.0]] * 2_000)[None].astype(np.float32)
    answer = played.waveform(played.keep("a.wav", AudioSignal(samples, 48_000), width="float_32"), resolution="zoom")
    n_pixels = -(-samples.shape[1] // 256)
    # Version, flags (0: 16 bit), rate, samples per pixel, pixels, channels; then minimum and maximum of each.
    assert struct.unpack_from("<iIiiIi", answer.data) == (2, 0, 48_000, 256, n_pixels, 1)
    assert len(answer.data) == 24 + 4 * n_pixels
    assert pixels(answer.data)[:3].tolist() == [[16_384, 16_384], [-24_575, 8_192], [16_384, 32_767]]
    told = json.loads(json.dumps(answer.as_json()))
    assert told == {
        "version": 2,
        "channels": 1,
        "sample_rate": 48_000,
        "samples_per_pixel": 256,
        "bits": 16,
        "length": n_pixels,
        "data": pixels(answer.data).reshape(-1).tolist(),
    }


@pytest.mark.parametrize(
    ("n_samples", "overview", "zoom"),
    [
        (1, 1, 1),
        (2_000, 1, 1),
        (2_001, 2, 2),
        (44_100, 32, 32),
        (512_000, 256, 256),
        (512_001, 512, 256),
        (10_000_000, 8_192, 256),
    ],
)
def test_an_overview_has_up_to_2000_pixels_and_a_zoom_256_samples_in_one(
    n_samples: int, overview: int, zoom: int
) -> None:
    meter = PeakMeter(44_100)
    samples = np.random.default_rng(1).uniform(-1.0, 1.0, n_samples).astype(np.float32)
    for first in range(0, n_samples, 65_536):
        meter.push(samples[first : first + 65_536])
    drawn = meter.finish()
    for data, expected in ((drawn.overview, overview), (drawn.zoom, zoom)):
        told = dat_as_json(data)
        assert told["samples_per_pixel"] == expected
        assert told["length"] == -(-n_samples // expected)
        starts = np.arange(0, n_samples, expected)
        np.testing.assert_array_equal(
            pixels(data)[:, 0], np.rint(np.minimum.reduceat(samples, starts) * 32_767).astype(np.int16)
        )
        np.testing.assert_array_equal(
            pixels(data)[:, 1], np.rint(np.maximum.reduceat(samples, starts) * 32_767).astype(np.int16)
        )
    length = dat_as_json(drawn.overview)["length"]
    assert length <= OVERVIEW_PIXELS
    assert length > OVERVIEW_PIXELS // 2 or n_samples <= OVERVIEW_PIXELS


def test_ten_hours_are_drawn_in_a_million_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    # A thousandth of it, with a thousandth of the limits.
    monkeypatch.setattr("sonoteca.audio.peaks.MOST_PIXELS", MOST_PIXELS // 1_000)
    monkeypatch.setattr("sonoteca.audio.peaks.OVERVIEW_PIXELS", 2)
    meter = PeakMeter(44_100)
    for _ in range(36):
        meter.push(np.full(44_100, 0.25, np.float32))
    told = dat_as_json(meter.finish().zoom)
    assert told["samples_per_pixel"] == 2_048
    assert told["length"] == -(-36 * 44_100 // 2_048)
    assert set(told["data"]) == {8_192}


def test_beyond_full_scale_is_clipped() -> None:
    meter = PeakMeter(8_000)
    meter.push(np.array([3.0, -3.0], np.float32))
    assert dat_as_json(meter.finish().zoom)["data"] == [32_767, 32_767, -32_768, -32_768]


def test_a_burst_is_seen_where_it_is_heard(played: Played) -> None:
    signal = synth.bursts(at_s=(1.0,), duration_s=4.0, burst_s=0.5)
    write_audio(path := played.folder / "a.mp3", signal)
    sound = played.know(path)
    heard, rate = soundfile.read(played.rendition(sound).path, dtype="float32", always_2d=True)
    drawn = played.waveform(sound)
    told = drawn.as_json()
    per_pixel = told["samples_per_pixel"]
    mono = heard.mean(axis=1)
    starts = np.arange(0, len(mono), per_pixel)
    assert told["sample_rate"] == rate
    np.testing.assert_allclose(pixels(drawn.data)[:, 0] / 32_767, np.minimum.reduceat(mono, starts), atol=1e-4)
    np.testing.assert_allclose(pixels(drawn.data)[:, 1] / 32_767, np.maximum.reduceat(mono, starts), atol=1e-4)


def test_a_waveform_is_drawn_once_and_needs_no_file_then(played: Played) -> None:
    sound = played.keep("a.wav", synth.sine(300, 0.5))
    first = played.waveform(sound)
    Path(sound).unlink()
    played.library.held.clear()
    assert played.waveform(sound) == first
    assert len(played.waveform(sound, resolution="zoom").data) > 24
    assert played.executor.done == ["look", "draw"]


def test_a_damaged_waveform_is_drawn_anew(played: Played) -> None:
    sound = played.keep("a.wav", synth.sine(300, 0.5))
    data = played.waveform(sound).data
    for kept in played.library.data_folder("peaks").iterdir():
        kept.write_bytes(kept.read_bytes()[:-1])
    assert played.waveform(sound).data == data
    assert played.executor.done.count("draw") == 2


def test_a_sound_that_is_not_there_is_not_drawn(played: Played) -> None:
    sound = played.keep("a.wav", synth.sine(300, 0.5))
    Path(sound).unlink()
    with pytest.raises(SoundsMissing):
        played.waveform(sound)


def test_an_unknown_resolution_is_refused() -> None:
    with pytest.raises(RequestError, match="fine") as refused:
        WaveformRequest(sound="x", resolution="fine")
    assert refused.value.field == "resolution"


@pytest.mark.parametrize("data", [b"", b"\2\0\0\0", dat_bytes(44_100, 256, bytes(8))[:-1], bytes(32)])
def test_what_is_no_whole_file_is_told(data: bytes) -> None:
    assert not is_dat(data)
    assert is_dat(dat_bytes(44_100, SAMPLES_PER_PIXEL, bytes(8)))
