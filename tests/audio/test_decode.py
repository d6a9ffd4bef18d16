"""Every format that is read: right length, right place, right level; and long and odd ones."""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from audio.handmade import aiff, caf, caf_of_aac, itunes_atom, pcm16, pluck, tone, wav, with_ilst, write
from sonoteca.audio import spool
from sonoteca.audio.decode import open_recording
from sonoteca.audio.encode import write_audio
from sonoteca.audio.gapless import itunes_length
from sonoteca.audio.memory import MemoryRecording
from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal


def decoded(path: Path) -> tuple[NDArray[np.float32], int, int]:
    """Samples at the analysis rate, native length, native rate; no warning may have been given."""
    with open_recording(path) as recording:
        assert recording.warnings == ()
        assert recording.n_samples == round(recording.info.n_samples * ANALYSIS_RATE / recording.info.sample_rate)
        assert recording.info.duration_s == recording.info.n_samples / recording.info.sample_rate
        return recording.read(0, recording.n_samples), recording.info.n_samples, recording.info.sample_rate


def reference(signal: AudioSignal) -> NDArray[np.float32]:
    with MemoryRecording.from_samples(signal) as recording:
        return recording.read(0, recording.n_samples)


def lag_and_correlation(heard: NDArray[np.float32], truth: NDArray[np.float32]) -> tuple[int, float]:
    """How many analysis samples ``heard`` is late, and how alike both are then."""
    n_fft = 1 << (len(heard) + len(truth)).bit_length()
    cross = np.fft.irfft(np.fft.rfft(heard, n_fft) * np.conj(np.fft.rfft(truth, n_fft)))
    lag = int(cross.argmax())
    norm = np.sqrt(np.square(heard, dtype=np.float64).sum() * np.square(truth, dtype=np.float64).sum())
    return (lag - n_fft if lag > n_fft // 2 else lag), float(cross.max() / norm)


LOSSLESS = [".wav", ".flac", ".alac.m4a", ".aiff", ".caf", ".au", ".wv", ".tta", ".mka"]
# Formats that say how much their encoder added.
LOSSY = [
    (".mp3", 44_100),
    (".mp3", 48_000),
    (".mp3", 32_000),
    (".m4a", 44_100),
    (".m4a", 48_000),
    (".opus", 48_000),
    (".webm", 48_000),
]
# Formats that do not: what the codec adds stays, but nothing of the sound is lost. In ms.
PADDED = [(".aac", 70.0), (".wma", 60.0), (".mp2", 40.0), (".ac3", 50.0), (".w64", 0.1)]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("encoding", LOSSLESS)
def test_lossless_formats_come_back_to_the_sample(encoding: str, channels: int, tmp_path: Path) -> None:
    signal = pluck(44_123, 44_100, channels=channels)
    write_audio(path := tmp_path / f"x{encoding}", signal, encoding=encoding)
    heard, n_samples, rate = decoded(path)
    assert (n_samples, rate) == (44_123, 44_100)
    # 16 bits at the coarsest.
    np.testing.assert_allclose(heard, reference(signal), atol=5e-5)


@pytest.mark.parametrize("n_samples", [1_500, 11_025, 84_689])
@pytest.mark.parametrize(("encoding", "rate"), LOSSY)
def test_a_lossy_loop_has_the_length_and_the_place_it_had(
    encoding: str, rate: int, n_samples: int, tmp_path: Path
) -> None:
    signal = pluck(n_samples, rate, channels=2)
    write_audio(path := tmp_path / f"x{encoding}", signal)
    heard, n_decoded, _ = decoded(path)
    assert abs(n_decoded - n_samples) / rate < 0.001
    lag, correlation = lag_and_correlation(heard, reference(signal))
    assert abs(lag) <= 2
    assert correlation > 0.95


def test_padding_of_more_than_a_frame_is_cut_from_mp3(tmp_path: Path) -> None:
    # MPEG-2 frames have 576 samples. FFmpeg's encoder cannot write that 606 are padding, LAME can.
    write_audio(path := tmp_path / "x.mp3", pluck(84_689, 22_050, channels=2))
    data = bytearray(path.read_bytes())
    delays = data.index(b"Info") + 141
    data[delays : delays + 3] = (576 << 12 | 529 + 606).to_bytes(3, "big")
    heard, n_decoded, _ = decoded(write(path, bytes(data)))
    assert n_decoded == 84_689
    assert lag_and_correlation(heard, reference(pluck(84_689, 22_050)))[0] == 0


@pytest.mark.parametrize(("encoding", "most_ms"), PADDED)
def test_formats_that_say_nothing_keep_their_padding(encoding: str, most_ms: float, tmp_path: Path) -> None:
    signal = pluck(44_123, 44_100, channels=2)
    write_audio(path := tmp_path / f"x{encoding}", signal)
    heard, n_decoded, rate = decoded(path)
    assert 0 <= (n_decoded - 44_123) / rate * 1000 <= most_ms
    lag, correlation = lag_and_correlation(heard, reference(signal))
    assert 0 <= lag / ANALYSIS_RATE * 1000 <= most_ms
    assert correlation > 0.95


@pytest.mark.parametrize("n_samples", [1_500, 11_025, 84_689])
def test_vorbis_of_one_page_and_more(n_samples: int, tmp_path: Path) -> None:
    signal = pluck(n_samples, 44_100, channels=2)
    soundfile.write(path := tmp_path / "x.ogg", signal.samples.T, 44_100, format="OGG", subtype="VORBIS")
    heard, n_decoded, _ = decoded(path)
    assert n_decoded == n_samples
    lag, correlation = lag_and_correlation(heard, reference(signal))
    assert abs(lag) <= 1
    assert correlation > 0.95


def test_itunes_says_the_length_to_the_sample(tmp_path: Path) -> None:
    # As iTunes wrote for years: no edit list, the delay and the length in a tag.
    signal = pluck(84_689, 44_100, channels=2)
    write_audio(path := tmp_path / "x.m4a", signal, tags={"title": "T"})
    data = bytearray(path.read_bytes())
    edits = data.index(b"edts")
    data[edits : edits + 4] = b"free"
    padding = 84 * 1024 - 1024 - 84_689
    tag = b" 00000000 %08X %08X %016X 00000000" % (1024, padding, 84_689)
    heard, n_decoded, _ = decoded(write(path, with_ilst(bytes(data), itunes_atom(b"iTunSMPB", tag))))
    assert n_decoded == 84_689
    assert abs(lag_and_correlation(heard, reference(signal))[0]) <= 1


@pytest.mark.parametrize("text", ["", "00000000", "x" * 100, " 00000000 00000840 000001C0 0000000000000000"])
def test_a_broken_itunes_length_is_none(text: str) -> None:
    assert itunes_length({"iTunSMPB": text}) is None


def test_aac_in_caf_has_the_length_of_its_packet_table(tmp_path: Path) -> None:
    # What Apple's loops are: a packet table that counts priming, valid and remaining frames.
    signal = pluck(84_689, 44_100, channels=2)
    write_audio(source := tmp_path / "x.m4a", signal)
    with av.open(str(source)) as container:
        stream = container.streams.audio[0]
        packets = [bytes(packet) for packet in container.demux(stream) if packet.size]
        assert stream.codec_context.extradata is not None
        setup = stream.codec_context.extradata
    heard, n_decoded, _ = decoded(write(tmp_path / "x.caf", caf_of_aac(packets, setup, n_valid=84_689, priming=1024)))
    assert n_decoded == 84_689
    assert abs(lag_and_correlation(heard, reference(signal))[0]) <= 1


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM"])
def test_adpcm_ends_where_its_fact_chunk_says(subtype: str, tmp_path: Path) -> None:
    # soundfile itself counts whole blocks in the IMA case; the count is written here.
    signal = pluck(20_011, 44_100)
    soundfile.write(path := tmp_path / "x.wav", signal.samples.T, 44_100, subtype=subtype)
    data = bytearray(path.read_bytes())
    at = data.index(b"fact") + 8
    data[at : at + 4] = (20_011).to_bytes(4, "little")
    write(path, bytes(data))
    heard, n_decoded, _ = decoded(path)
    assert n_decoded == 20_011
    assert lag_and_correlation(heard, reference(signal))[0] == 0


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
def test_every_width_of_wav(subtype: str, tmp_path: Path) -> None:
    signal = pluck(10_001, 22_050, channels=2)
    soundfile.write(path := tmp_path / "x.wav", signal.samples.T, 22_050, subtype=subtype)
    heard, n_decoded, _ = decoded(path)
    assert n_decoded == 10_001
    coarse = {"PCM_U8": 0.008, "PCM_16": 4e-5, "ULAW": 0.02, "ALAW": 0.02}
    np.testing.assert_allclose(heard, reference(signal), atol=coarse.get(subtype, 2e-5))


def test_64_bit_integers_are_read(tmp_path: Path) -> None:
    words = (pluck(5_000, 22_050).samples[0].astype(np.float64) * 2.0**62).astype("<i8")
    heard, n_decoded, _ = decoded(write(tmp_path / "x.wav", wav(words.tobytes(), bits=64, rate=22_050)))
    assert n_decoded == 5_000
    np.testing.assert_allclose(heard, pluck(5_000, 22_050).samples[0] / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("container", "depth"),
    [("RF64", 16), ("W64", 16), ("WAVEX", 24), ("AIFF", 24), ("CAF", 24), ("NIST", 16), ("VOC", 16)],
)
def test_containers_written_by_others(container: str, depth: int, tmp_path: Path) -> None:
    signal = pluck(10_001, 44_100, channels=2)
    soundfile.write(path := tmp_path / "x", signal.samples.T, 44_100, format=container, subtype=f"PCM_{depth}")
    heard, n_decoded, _ = decoded(path)
    assert n_decoded == 10_001
    np.testing.assert_allclose(heard, reference(signal), atol=5e-5)
    with open_recording(path) as recording:
        assert recording.info.bit_depth == depth


@pytest.mark.parametrize("make", [aiff, caf])
def test_handmade_files_are_what_they_were_made_of(make: object, tmp_path: Path) -> None:
    words = np.arange(-10_000, 10_000, dtype=np.int16)
    assert callable(make)
    with open_recording(write(tmp_path / "x", make(words, rate=22_050))) as recording:
        np.testing.assert_array_equal(recording.read(0, recording.n_samples), words / np.float32(2**15))
        assert (recording.info.sample_rate, recording.info.bit_depth, recording.info.channels) == (22_050, 16, 1)


@pytest.mark.parametrize("channels", [3, 6, 8, 32, 64])
def test_many_channels(channels: int, tmp_path: Path) -> None:
    samples = np.tile(pluck(5_000, 44_100).samples, (channels, 1))
    soundfile.write(path := tmp_path / "x.wav", samples.T, 44_100, subtype="FLOAT")
    heard, n_decoded, _ = decoded(path)
    assert n_decoded == 5_000
    np.testing.assert_allclose(heard, reference(AudioSignal(samples[:1], 44_100)), atol=1e-5)


@pytest.mark.parametrize("channels", [1, 2, 5, 6, 7, 8])
@pytest.mark.parametrize("container", ["FLAC", "OGG"])
def test_many_channels_of_decoders_that_keep_them_apart(container: str, channels: int, tmp_path: Path) -> None:
    # PyAV reads beyond the planes of frames with eight of them.
    gains = np.linspace(1.0, 0.3, channels, dtype=np.float32).reshape(-1, 1)
    samples = gains * pluck(20_000, 44_100).samples
    soundfile.write(path := tmp_path / "x", samples.T, 44_100, format=container)
    with open_recording(path) as recording:
        assert (recording.info.channels, recording.info.n_samples) == (channels, 20_000)
        powers = recording.measurements.step_power[0]
        # 5.1 in Vorbis' order has its channels elsewhere, but they are all there.
        np.testing.assert_allclose(
            np.sort(np.sqrt(powers / powers.max())), np.sort(gains[:, 0]), atol=0.02 if container == "FLAC" else 0.2
        )
        assert recording.warnings == ()


@pytest.mark.parametrize("rate", [1_000, 4_000, 8_000, 11_025, 22_050, 32_000, 96_000, 192_000, 384_000, 768_000])
def test_rates(rate: int, tmp_path: Path) -> None:
    path = write(tmp_path / "x.wav", wav(pcm16(tone(hz=200, duration_s=0.5, dbfs=-6, rate=rate)), rate=rate))
    heard, n_decoded, native = decoded(path)
    assert (n_decoded, native) == (rate // 2, rate)
    expected = tone(hz=200, duration_s=0.5, dbfs=-6, rate=ANALYSIS_RATE)
    # Away from the ends, where a tone that starts abruptly is not band-limited.
    np.testing.assert_allclose(heard[2000:9000], expected[2000:9000], atol=2e-3)


def test_the_facts_are_told(tmp_path: Path) -> None:
    write_audio(path := tmp_path / "Loop_120bpm_Am.mp3", pluck(44_100, 44_100, channels=2), tags={"title": "Dust"})
    with open_recording(path) as recording:
        info = recording.info
        assert (info.codec, info.container, info.channels, info.sample_rate) == ("mp3", "mp3", 2, 44_100)
        assert (info.bit_depth, info.bit_rate) == (None, 256_000)
        assert info.content_hash.startswith("x1:")
        said = {(claim.field, claim.value, claim.producer) for claim in recording.claims}
        assert said == {("title", "Dust", "tags"), ("tempo_bpm", 120.0, "name"), ("key", "A minor", "name")}
    with open_recording(path, root_name="other 90bpm.mp3") as recording:
        assert ("tempo_bpm", 90.0, "name") in {(claim.field, claim.value, claim.producer) for claim in recording.claims}


def test_a_long_sound_is_read_from_its_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signal = pluck(5 * 44_100, 44_100)
    write_audio(path := tmp_path / "x.wav", signal)
    in_memory, _, _ = decoded(path)
    monkeypatch.setattr(spool, "IN_MEMORY_SAMPLES", 30_000)
    (spools := tmp_path / "spools").mkdir()
    with open_recording(path, spool_dir=spools) as recording:
        if sys.platform != "win32":
            assert list(spools.iterdir()) == []
        np.testing.assert_array_equal(recording.read(0, recording.n_samples), in_memory)
        np.testing.assert_array_equal(recording.read(50_000, 123), in_memory[50_000:50_123])
        np.testing.assert_array_equal(recording.read(5, 1), in_memory[5:6])
        assert recording.read(recording.n_samples, 0).shape == (0,)
        np.testing.assert_array_equal(recording.signal(1.0, 2.0).samples[0], in_memory[22_050:44_100])
    assert list(spools.iterdir()) == []


@pytest.mark.parametrize(("first", "n"), [(-1, 5), (0, -1), (0, 10**9), (22_050, 1)])
def test_reading_beyond_the_sound_is_an_error(first: int, n: int) -> None:
    with MemoryRecording.from_samples(pluck(44_100, 44_100)) as recording, pytest.raises(ValueError, match="asked of"):
        recording.read(first, n)


def test_a_signal_is_at_most_ten_minutes() -> None:
    with MemoryRecording.from_samples(pluck(44_100, 44_100)) as recording:
        with pytest.raises(ValueError, match=r"600\.0 s"):
            recording.signal(0.0, 600.5)
        assert recording.signal(0.0, 0.5).n_samples == 11_025
        assert recording.signal(0.5, 99.0).duration_s == pytest.approx(0.5)
        assert recording.signal(50.0, 99.0).n_samples == 0


def test_sound_of_a_video_is_read(tmp_path: Path) -> None:
    signal = pluck(44_100, 44_100, channels=2)
    with av.open(str(path := tmp_path / "x.mp4"), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        sound = container.add_stream("aac", rate=44_100, layout="stereo")
        assert isinstance(video, av.VideoStream)
        assert isinstance(sound, av.AudioStream)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        for number in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 10)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        frame = av.AudioFrame.from_ndarray(signal.samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 44_100, 0
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    heard, n_decoded, _ = decoded(path)
    assert abs(n_decoded - 44_100) < 44.1
    assert lag_and_correlation(heard, reference(signal))[1] > 0.95


def test_a_chained_file_that_changes_is_read_to_its_end(tmp_path: Path) -> None:
    write_audio(first := tmp_path / "1.aac", pluck(44_100, 44_100, channels=2))
    write_audio(second := tmp_path / "2.aac", pluck(48_000, 48_000, channels=1))
    chained = write(tmp_path / "x.aac", first.read_bytes() + second.read_bytes())
    with open_recording(chained) as recording:
        assert (recording.info.channels, recording.info.sample_rate) == (2, 44_100)
        assert recording.info.duration_s == pytest.approx(2.0, abs=0.1)
        assert any("change within" in warning for warning in recording.warnings)
        late = recording.read(25_000, recording.n_samples - 25_000)
    # The converter starts in the middle of the decoder's first frame; the sound is the second file's.
    assert lag_and_correlation(late, reference(pluck(48_000, 48_000)))[1] > 0.8


def test_a_chained_file_that_cannot_be_followed_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    write_audio(first := tmp_path / "1.opus", pluck(48_000, 48_000, channels=2))
    write_audio(second := tmp_path / "2.opus", pluck(48_000, 48_000, channels=1))
    with open_recording(write(tmp_path / "x.opus", first.read_bytes() + second.read_bytes())) as recording:
        assert recording.info.duration_s == pytest.approx(1.0, abs=0.01)
        assert any("what follows" in warning for warning in recording.warnings)


@pytest.mark.parametrize(
    "name",
    [
        "concat:a|b.wav", "clip%03d.wav", "http:x.wav", "pipe:0", "-dash.wav", "new\nline.wav", "esc\x1b[31m.wav", "中文.wav",
        "back\\slash.wav", "file:x.wav", "subfile,,start,0,end,9,,:x.wav", "a?b*.wav", " .wav ", "l" * 251 + ".wav",
    ],
)  # fmt: skip
@pytest.mark.skipif(sys.platform == "win32", reason="names a POSIX file system allows")
def test_a_name_is_only_a_name(name: str, tmp_path: Path) -> None:
    words = pcm16(pluck(1_000, 22_050).samples[0])
    _, n_decoded, _ = decoded(write(tmp_path / name, wav(words, rate=22_050)))
    assert n_decoded == 1_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows any byte in a name")
def test_names_need_not_be_utf_8(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"not_utf8_\xff\xfe.wav")
    with open(path, "wb") as file:
        file.write(wav(pcm16(pluck(1_000, 22_050).samples[0]), rate=22_050))
    for name in (path, os.fsdecode(path)):
        with open_recording(name) as recording:
            assert recording.n_samples == 1_000
