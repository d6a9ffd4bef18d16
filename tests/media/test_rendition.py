"""What browsers are given to play: the file itself where that is certain, else FLAC of the very frames."""

from __future__ import annotations

import json
import os
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

import synth
from audio.handmade import wav
from media_samples import Played
from sonoteca.audio.encode import write_audio
from sonoteca.audio.passage import read_passage
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.store.library import open_library
from sonoteca.errors import (
    AmbiguousSound,
    EmptyAudio,
    NotAudio,
    RequestError,
    SonotecaError,
    SoundNotFound,
    SoundsMissing,
)
from sonoteca.ingest.listener import Listener
from sonoteca.media.rendition import RenditionRequest, rendition
from sonoteca.media.source import LOOKS_FOLDER

RATE = 44_100
N = 30_000


def noisy(n: int = N, channels: int = 2, rate: int = RATE) -> AudioSignal:
    """No sample is like its neighbour: a shift by one is seen."""
    samples = np.random.default_rng(7).uniform(-0.5, 0.5, (channels, n)).astype(np.float32)
    # Where lossy codecs can follow.
    smooth = np.apply_along_axis(np.convolve, 1, samples, np.hanning(48) / 12.0, mode="same")
    return AudioSignal(smooth.astype(np.float32), rate)


def by_soundfile(format_: str, subtype: str, **shape: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        signal = noisy(**shape)
        soundfile.write(path, signal.samples.T, signal.sample_rate, format=format_, subtype=subtype)

    return write


def by_ffmpeg(encoding: str, rate: int = RATE) -> Callable[[Path], None]:
    return lambda path: write_audio(path, noisy(rate=rate), encoding=encoding)


def vbr_mp3(path: Path) -> None:
    """MP3 of varying rate, with LAME's tag."""
    with av.open(str(path), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        stream.codec_context.options = {"flags": "+qscale", "global_quality": str(4 * 118)}
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(noisy().samples.T).reshape(1, -1), format="flt", layout="stereo"
        )
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def streamed_flac(path: Path) -> None:
    """FLAC whose header leaves the number of samples open."""
    by_soundfile("FLAC", "PCM_16")(path)
    data = bytearray(path.read_bytes())
    # STREAMINFO: after 4 + 4 bytes, 10 of sizes; then 20 bits of rate, 3, 5, and 36 of the count.
    data[8 + 13] &= 0xF0
    data[8 + 14 : 8 + 18] = bytes(4)
    path.write_bytes(data)


def lying_wav(n_bytes: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        samples = (noisy(channels=1).samples[0] * 2**15).astype("<i2")
        path.write_bytes(wav(samples.tobytes(), n_bytes=n_bytes))

    return write


# Name, who writes it, the type it is given as (None: transcoded), samples and rate that are heard.
FORMATS: list[tuple[str, Callable[[Path], None], str | None, int, int]] = [
    ("16.wav", by_soundfile("WAV", "PCM_16"), "audio/wav", N, RATE),
    ("24.wav", by_soundfile("WAV", "PCM_24"), "audio/wav", N, RATE),
    ("mono.wav", by_soundfile("WAV", "PCM_16", channels=1), "audio/wav", N, RATE),
    ("wavex.wav", by_soundfile("WAVEX", "PCM_24"), "audio/wav", N, RATE),
    ("8bit.wav", by_soundfile("WAV", "PCM_U8"), None, N, RATE),
    ("32.wav", by_soundfile("WAV", "PCM_32"), None, N, RATE),
    ("float.wav", by_soundfile("WAV", "FLOAT"), None, N, RATE),
    ("double.wav", by_soundfile("WAV", "DOUBLE"), None, N, RATE),
    ("ulaw.wav", by_soundfile("WAV", "ULAW"), None, N, RATE),
    ("surround.wav", by_soundfile("WAVEX", "PCM_16", channels=6), None, N, RATE),
    ("low rate.wav", by_soundfile("WAV", "PCM_16", rate=4_000, n=4_001), None, 48_012, 48_000),
    ("high rate.wav", by_soundfile("WAV", "PCM_16", rate=384_000, n=76_800), None, 9_600, 48_000),
    ("rf64.wav", by_soundfile("RF64", "PCM_16"), None, N, RATE),
    ("cut.wav", lying_wav(4 * N), None, N, RATE),
    ("streamed.wav", lying_wav(0xFFFFFFFF), None, N, RATE),
    ("16.flac", by_soundfile("FLAC", "PCM_16"), "audio/flac", N, RATE),
    ("24.flac", by_soundfile("FLAC", "PCM_24"), "audio/flac", N, RATE),
    ("8.flac", by_soundfile("FLAC", "PCM_S8"), None, N, RATE),
    ("streamed.flac", streamed_flac, None, N, RATE),
    ("flac.ogg", by_ffmpeg(".mka"), None, N, RATE),
    ("x.aiff", by_soundfile("AIFF", "PCM_16"), None, N, RATE),
    ("x.caf", by_soundfile("CAF", "PCM_24"), None, N, RATE),
    ("x.ogg", by_soundfile("OGG", "VORBIS"), None, N, RATE),
    ("x.opus", by_ffmpeg(".opus", rate=48_000), None, N, 48_000),
    ("cbr.mp3", by_ffmpeg(".mp3"), None, N, RATE),
    ("vbr.mp3", vbr_mp3, None, N, RATE),
    ("x.m4a", by_ffmpeg(".m4a"), None, N, RATE),
    ("alac.m4a", by_ffmpeg(".alac.m4a"), None, N, RATE),
    # Windows Media says nothing of the padding of its last frame.
    ("x.wma", by_ffmpeg(".wma"), None, 30_720, RATE),
]


@pytest.mark.parametrize(("name", "write", "as_it_is", "n_samples", "rate"), FORMATS, ids=[row[0] for row in FORMATS])
def test_a_file_is_given_as_it_is_or_as_flac_of_the_frames_that_were_heard(
    name: str, write: Callable[[Path], None], as_it_is: str | None, n_samples: int, rate: int, played: Played
) -> None:
    write(path := played.folder / name)
    sound = played.know(path)
    answer = played.rendition(sound)
    assert answer.is_original == (as_it_is is not None)
    assert answer.media_type == (as_it_is or "audio/flac")
    assert (answer.path == path) == answer.is_original
    assert (answer.n_samples, answer.sample_rate) == (n_samples, rate)
    # By another program, which was told nothing.
    samples, read_rate = soundfile.read(answer.path, dtype="float32", always_2d=True)
    assert (len(samples), read_rate, samples.shape[1]) == (n_samples, rate, answer.channels)
    assert answer.n_bytes == answer.path.stat().st_size
    heard = read_passage(path, 0.0, 60.0).signal
    if rate == heard.sample_rate:
        step = 2**-15 if answer.is_original or heard.samples.dtype.itemsize == 4 else 2**-23
        np.testing.assert_allclose(samples.T, heard.samples, atol=step)
    span = played.rendition(sound, start_s=0.05, end_s=0.15)
    cut, _ = soundfile.read(span.path, dtype="float32", always_2d=True)
    first, stop = round(0.05 * rate), round(0.15 * rate)
    assert (span.media_type, span.n_samples, span.start_s) == ("audio/flac", stop - first, 0.05)
    if rate == heard.sample_rate:
        np.testing.assert_allclose(cut.T, heard.samples[:, first:stop], atol=2**-15)
    # What is drawn is what is played.
    drawn = played.waveform(sound).as_json()
    assert drawn["length"] == -(-round(heard.n_samples) // drawn["samples_per_pixel"])


def test_24_bits_stay_24_and_16_stay_16(played: Played) -> None:
    for subtype, wanted in (("PCM_24", "PCM_24"), ("PCM_16", "PCM_16")):
        path = played.folder / f"{subtype}.aiff"
        by_soundfile("AIFF", subtype)(path)
        answer = played.rendition(played.know(path))
        assert soundfile.info(str(answer.path)).subtype == wanted
        one, _ = soundfile.read(path, dtype="int32")
        other, _ = soundfile.read(answer.path, dtype="int32")
        np.testing.assert_array_equal(one, other)


def test_a_rendition_is_made_once(played: Played) -> None:
    sound = played.keep("a.wav", noisy(), width="float_32")
    first, second = played.rendition(sound), played.rendition(sound)
    assert played.executor.done == ["look", "transcode"]
    assert (first.path, first.etag, first.n_bytes) == (second.path, second.etag, second.n_bytes)
    assert not list(first.path.parent.glob(".*"))


def test_of_askers_at_once_one_makes_it(played: Played) -> None:
    sound = played.keep("a.wav", noisy(200_000), width="float_32")
    together = threading.Barrier(6)

    def ask(_: int) -> str:
        together.wait()
        return played.rendition(sound).etag

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(6)))) == 1
    assert sorted(played.executor.done) == ["look", "transcode"]


def test_the_etag_changes_with_the_content_also_when_size_and_time_do_not(played: Played) -> None:
    sound = played.keep("a.wav", noisy())
    path, before = Path(sound), played.rendition(sound)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes()[:-2] + b"\x01\x02")
    os.utime(path, ns=times)
    # The library does not know yet that this is another sound.
    with pytest.raises(SoundsMissing, match="another sound now"):
        played.rendition(sound)
    with pytest.raises(SoundsMissing, match="a moment ago"):
        before.open()
    after = played.rendition(played.know(path))
    assert before.n_bytes == after.n_bytes
    assert before.etag != after.etag
    assert after.etag.startswith('"')


def test_a_tag_changes_the_bytes_and_so_the_etag(played: Played) -> None:
    by_soundfile("FLAC", "PCM_16")(path := played.folder / "a.flac")
    sound = played.know(path)
    before = played.rendition(sound)
    data = path.read_bytes()
    # A block of padding before the others: the content is what it was.
    path.write_bytes(data[:42] + b"\x01\x00\x00\x04" + bytes(4) + data[42:])
    after = played.rendition(sound)
    assert (before.sound, before.n_samples, before.is_original, after.is_original) == (
        after.sound,
        after.n_samples,
        True,
        True,
    )
    assert before.etag != after.etag
    with after.open() as file:
        assert file.read(4) == b"fLaC"


def test_a_file_is_looked_at_again_by_no_other_process(played: Played) -> None:
    sound = played.keep("a.wav", noisy())
    etag = played.rendition(sound).etag
    played.library.held.clear()
    assert played.rendition(sound).etag == etag
    assert played.executor.done == ["look"]
    for kept in played.library.data_folder(*LOOKS_FOLDER).iterdir():
        kept.write_text("{")
    played.library.held.clear()
    assert played.rendition(sound).etag == etag
    assert played.executor.done == ["look", "look"]


def test_a_file_that_was_decoded_to_another_length_is_not_given_as_it_is(played: Played) -> None:
    sound = played.keep("a.wav", noisy())
    with played.library.write() as connection:
        connection.exec_driver_sql(f"UPDATE sounds SET n_samples = {N - 1}, duration_s = {(N - 1) / RATE}")
    assert not played.rendition(sound).is_original


def test_regions_are_spans(played: Played) -> None:
    sound = played.keep("a.wav", noisy())
    with played.library.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO regions (sound_id, number, start_s, end_s, producer, version, generation)"
            " SELECT id, 1, 0.1, 0.2, 'test', 1, 1 FROM sounds"
        )
    whole = played.rendition(sound, region=0)
    assert whole.is_original
    assert whole.n_samples == N
    part = played.rendition(sound, region=1)
    assert (part.n_samples, part.start_s) == (4_410, 0.1)
    with pytest.raises(RequestError, match="no region 2") as refused:
        played.rendition(sound, region=2)
    assert refused.value.field == "region"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"start_s": -1.0}, "start_s"),
        ({"start_s": float("nan")}, "start_s"),
        ({"end_s": float("inf")}, "end_s"),
        ({"end_s": 0.0}, "end_s"),
        ({"start_s": 2.0, "end_s": 1.0}, "end_s"),
        ({"region": 1, "start_s": 1.0}, "region"),
        ({"region": -1}, "region"),
        ({"sound": None}, "sound"),
    ],
)
def test_spans_that_are_none_are_refused(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestError) as refused:
        RenditionRequest(**{"sound": "x", **asked})
    assert refused.value.field == field


def test_an_end_beyond_the_sound_is_its_end_and_a_start_beyond_it_is_told(played: Played) -> None:
    sound = played.keep("a.wav", noisy())
    assert played.rendition(sound, start_s=0.5, end_s=99.0).n_samples == N - RATE // 2
    with pytest.raises(EmptyAudio, match=r"ends before 5 s"):
        played.rendition(sound, start_s=5.0)
    with played.library.write() as connection:
        connection.exec_driver_sql(f"UPDATE sounds SET n_samples = {N}, duration_s = {N / RATE}")
    assert played.rendition(sound, end_s=99.0).is_original
    with pytest.raises(RequestError, match="nothing begins at 5 s") as refused:
        played.rendition(sound, start_s=5.0)
    assert refused.value.field == "start_s"


def test_a_sound_that_is_not_there_is_told_as_everywhere(played: Played, tmp_path: Path) -> None:
    sound = played.keep("a.wav", noisy(), width="float_32")
    assert played.rendition(sound).n_samples == N
    Path(sound).unlink()
    with pytest.raises(SoundsMissing, match=r"a\.wav is missing: the file cannot be read"):
        played.rendition(sound)
    Path(sound).write_text("no sound")
    with pytest.raises(SoundsMissing, match="no sound any more"):
        played.rendition(sound)
    with pytest.raises(SoundNotFound) as unknown:
        played.rendition("nothing like it")
    assert unknown.value.field == "sound"
    played.keep("twice.wav", noisy(N + 1))
    write_audio(played.folder / "twice.flac", noisy())
    played.know(played.folder / "twice.flac")
    with pytest.raises(AmbiguousSound):
        played.rendition("twice")


def test_what_never_was_a_sound_says_why(played: Played) -> None:
    (path := played.folder / "text.wav").write_text("not a sound")
    sound = played.know(path)
    with played.library.write() as connection:
        connection.exec_driver_sql("UPDATE sounds SET status = 'failed'")
    for ask in (played.rendition, played.waveform, played.clip):
        with pytest.raises(NotAudio):
            ask(sound)


def test_a_copy_stands_in_for_a_file_that_is_gone(played: Played) -> None:
    sound = played.keep("a.wav", noisy())
    copy = played.keep("b.wav", noisy())
    public_id = played.rendition(sound).sound
    Path(sound).unlink()
    assert str(played.rendition(public_id).path) == copy


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("width", ["pcm_16", "float_32"])
def test_of_no_sample_and_of_one(n: int, width: str, played: Played) -> None:
    tiny = AudioSignal(noisy(200, channels=1).samples[:, :n], RATE)
    sound = played.keep("tiny.wav", tiny, width=width)
    for ask in (played.rendition, played.waveform):
        if n == 0:
            with pytest.raises(SonotecaError) as refused:
                ask(sound)
            assert isinstance(refused.value, EmptyAudio)
            assert refused.value.http_status == 422
        else:
            json.dumps(ask(sound).as_json(), allow_nan=False)
    if n:
        assert played.rendition(sound).n_samples == n
        assert len(soundfile.read(played.rendition(sound).path)[0]) == n


def test_all_zeros_are_played(played: Played) -> None:
    sound = played.keep("silence.wav", synth.silence(0.5), width="float_32")
    assert played.rendition(sound).n_samples == 22_050
    assert set(played.waveform(sound).as_json()["data"]) == {0}


def test_json_tells_no_path(played: Played) -> None:
    told = played.rendition(played.keep("a.wav", noisy(), width="float_32")).as_json()
    assert str(played.folder) not in json.dumps(told["etag"]) + json.dumps({**told, "query": None})
    assert set(told) == {
        "query", "sound", "media_type", "etag", "n_bytes", "n_samples", "sample_rate", "channels", "duration_s",
        "is_original", "start_s",
    }  # fmt: skip


def test_beside_a_database_without_a_folder_only_what_needs_none_is_given(played: Played) -> None:
    as_it_is = played.keep("a.wav", noisy())
    other = played.keep("b.wav", noisy(), width="float_32")
    played.library.data_dir = None
    assert played.rendition(as_it_is).is_original
    assert played.waveform(other).as_json()["length"] > 900
    with pytest.raises(RequestError) as refused:
        played.rendition(other)
    assert refused.value.field == "data_dir"


def test_workers_decode_and_this_process_does_not(tmp_path: Path) -> None:
    (folder := tmp_path / "sounds").mkdir()
    with open_library(tmp_path / "mine.sonoteca", mode="create") as library, Listener() as listener:
        from render_samples import keep

        keep(library, folder, "a.wav", noisy())
        answer = rendition(library, RenditionRequest(sound=str(folder / "a.wav")), listener=listener)
        assert len(soundfile.read(answer.path)[0]) == N
        broken = folder / "a.wav"
        broken.write_bytes(struct.pack("<4sI4s", b"RIFF", 100, b"WAVE") + os.urandom(100))
        with pytest.raises(SoundsMissing):
            rendition(library, RenditionRequest(sound=str(broken)), listener=listener)
