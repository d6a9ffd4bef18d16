from pathlib import Path

import numpy as np
import pytest

import synth
from sonoteca.audio.beginning import read_beginning
from sonoteca.audio.container import open_container, open_regular_file
from sonoteca.audio.decode import open_recording
from sonoteca.audio.decoding import Decoding
from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal
from sonoteca.errors import NotAudio


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("beginning") / "sweep.wav"
    write_wav(path, synth.mix(synth.sweep(100.0, 4000.0, 20.0), synth.noise(20.0, 0.01, seed=1)))
    return path


@pytest.mark.parametrize("asked_s", [0.5, 3.0, 25.0])
def test_it_is_what_the_analysis_hears_of_the_same_seconds(sweep: Path, asked_s: float) -> None:
    beginning = read_beginning(sweep, asked_s)
    with open_recording(sweep) as recording:
        whole = recording.signal(0.0, min(asked_s, 20.0))
    assert beginning.sample_rate == ANALYSIS_RATE
    assert beginning.samples.shape == whole.samples.shape
    # Where the reading stops the resampler knows nothing of what follows.
    assert np.abs(beginning.samples - whole.samples)[:, :-200].max() < 1e-4


def test_channels_that_cancel_are_heard(tmp_path: Path) -> None:
    tone = synth.sine(300.0, 2.0).samples
    write_wav(tmp_path / "cancel.wav", AudioSignal(np.concatenate([tone, -tone]), 44_100))
    assert np.abs(read_beginning(tmp_path / "cancel.wav", 1.0).samples).max() > 0.1


def test_the_rest_is_not_decoded(sweep: Path) -> None:
    class Nowhere:
        sample_rate, wanted = 44_100, 4096

        def __init__(self, sample_rate: int, names: tuple[str, ...]) -> None:
            self.n_samples = 0

        def push(self, block: np.ndarray, *, is_raw_float: bool) -> None:
            self.n_samples += block.shape[1]

    with open_regular_file(sweep) as file, open_container(file, "sweep") as opened:
        decoding = Decoding(opened, "sweep", Nowhere)
        decoding.run(longest_s=2.0)
    assert decoding.sink is not None
    assert 2 * 44_100 <= decoding.sink.n_samples < 3 * 44_100
    assert decoding.packets.n_bytes < sweep.stat().st_size / 4


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "note.wav").write_text("no sound at all\n" * 40)
    with pytest.raises(NotAudio):
        read_beginning(tmp_path / "note.wav", 10.0)
    with pytest.raises(ValueError, match="positive"):
        read_beginning(tmp_path / "note.wav", 0.0)
