"""``python -m bench.stretchers``: time-stretch and pitch-shift by several programs, on sounds whose truth is built.

The numbers of docs/decisions/0020-time-stretch.md. Programs that are not installed are left out;
``pip install audiotsm`` brings the last two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, cast

import av
import av.error
import av.filter
import numpy as np
import scipy.signal
import soxr

from sonoteca.audio.signal import AudioSignal
from sonoteca.audio.stretch import stretch
from sonoteca.audio.stretch_range import Material

RATE = 44_100
# Ratio and shift: what the loops of a library need to come together.
MOVES = ((1.15, 0.0), (1.08, 0.0), (0.92, 0.0), (0.85, 0.0), (1.0, 3.0), (0.95, -4.0))
BPM = 120.0

# samples (channels, n), ratio, semitones, what it is: samples.
Stretcher = Callable[[np.ndarray, float, float, Material], np.ndarray]


# --- what is stretched ----------------------------------------------------------------------------


def _placed(hits: list[tuple[float, np.ndarray]], duration_s: float) -> np.ndarray:
    out = np.zeros(round(duration_s * RATE) + RATE)
    for at_s, hit in hits:
        first = round(at_s * RATE)
        out[first : first + len(hit)] += hit
    return out[None, : round(duration_s * RATE)].astype(np.float32)


def _note(midi: float, duration_s: float, decay: float) -> np.ndarray:
    t = np.arange(round(duration_s * RATE)) / RATE
    hz = 440.0 * 2 ** ((midi - 69) / 12)
    tone = sum(np.sin(2 * np.pi * k * hz * t + 0.7 * k) / k for k in range(1, 11) if k * hz < 15_000)
    edge = np.clip(np.minimum(t, t[-1] - t) / 0.005, 0, 1)
    return 0.2 * np.asarray(tone) * np.exp(-decay * t) * edge


def kick() -> np.ndarray:
    t = np.arange(RATE // 4) / RATE
    return 0.8 * np.sin(2 * np.pi * np.cumsum(50 + 120 * np.exp(-30 * t)) / RATE + 0.5) * np.exp(-14 * t)


def _hat(seed: int) -> np.ndarray:
    t = np.arange(RATE // 12) / RATE
    return 0.1 * np.diff(np.random.default_rng(seed).standard_normal(len(t) + 2), n=2) * np.exp(-60 * t)


def piece(name: str, bpm: float, semitones: float) -> np.ndarray:
    """Four bars of drums, bass, chords or melody, played anew at any tempo and pitch: (1, n)."""
    beat_s = 60.0 / bpm
    hits: list[tuple[float, np.ndarray]] = []
    for step in range(32):
        at_s = step * beat_s / 2
        if name == "drums":
            hits += [(at_s, _hat(step))] + ([(at_s, kick())] if step % 2 == 0 else [])
        elif name == "bass":
            hits.append((at_s, _note(28 + (0, 0, 12, 0, 7, 5, 3, 0)[step % 8] + semitones, 0.47 * beat_s, 2.0)))
        elif name == "melody":
            hits.append((at_s, _note(64 + (0, 3, 7, 12, 7, 3, 5, 2)[step % 8] + semitones, 0.47 * beat_s, 3.0)))
        elif step % 4 == 0:
            root = 48 + (0, 5, 7, 0)[step // 4 % 4] + semitones
            hits += [(at_s, _note(root + each, 1.9 * beat_s, 0.5)) for each in (0, 4, 7, 12)]
    return _placed(hits, 16 * beat_s)


def clicks(times_s: np.ndarray, duration_s: float) -> np.ndarray:
    t = np.arange(RATE // 50) / RATE
    return _placed([(at, 0.8 * np.cos(2 * np.pi * 2000 * t) * np.exp(-300 * t)) for at in times_s], duration_s)


# --- who stretches --------------------------------------------------------------------------------


def ours(samples: np.ndarray, ratio: float, semitones: float, material: Material) -> np.ndarray:
    return stretch(AudioSignal(samples, RATE), tempo_ratio=ratio, semitones=semitones, material=material).samples


def engine_as_it_comes(samples: np.ndarray, ratio: float, semitones: float, material: Material) -> np.ndarray:
    from python_stretch import Signalsmith

    engine = Signalsmith.Stretch(1)
    engine.preset(len(samples), RATE)
    engine.setTimeFactor(ratio)
    engine.setTransposeSemitones(semitones)
    return np.array(engine.process(np.ascontiguousarray(samples)))


def _by_resampling(stretched: Callable[[np.ndarray, float], np.ndarray]) -> Stretcher:
    """A pitch shift from a time-stretch: stretch by more, play it faster."""

    def move(samples: np.ndarray, ratio: float, semitones: float, material: Material) -> np.ndarray:
        pitch = 2 ** (semitones / 12)
        out = stretched(samples, ratio / pitch)
        return soxr.resample(out.T, 1e6 * pitch, 1e6, quality="HQ").T if semitones else out

    return move


def _atempo(samples: np.ndarray, speed: float) -> np.ndarray:
    layout = {1: "mono", 2: "stereo"}[len(samples)]
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout=layout, time_base=Fraction(1, RATE))
    tempo, sink = graph.add("atempo", f"{speed:.9f}"), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    parts: list[np.ndarray] = []

    def pull() -> None:
        while True:
            try:
                parts.append(cast(Any, sink.pull()).to_ndarray())
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    for first in range(0, samples.shape[1], 8192):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[:, first : first + 8192]), format="fltp", layout=layout
        )
        frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
        source.push(frame)
        pull()
    source.push(None)
    pull()
    return np.concatenate(parts, axis=1)


def stretchers() -> dict[str, Stretcher]:
    """Those that are installed."""
    found: dict[str, Stretcher] = {
        "ours": ours,
        "python-stretch as it comes": engine_as_it_comes,
        "FFmpeg atempo": _by_resampling(_atempo),
    }
    try:
        import audiotsm
        from audiotsm.io.array import ArrayReader, ArrayWriter
    except ImportError:
        return found

    def tsm(make: Callable[..., object]) -> Stretcher:
        def run(samples: np.ndarray, speed: float) -> np.ndarray:
            writer = ArrayWriter(len(samples))
            make(len(samples), speed=speed).run(ArrayReader(samples.astype(np.float64)), writer, flush=True)  # type: ignore[attr-defined]
            return np.ascontiguousarray(writer.data.astype(np.float32))

        return _by_resampling(run)

    return found | {"audiotsm WSOLA": tsm(audiotsm.wsola), "audiotsm vocoder": tsm(audiotsm.phasevocoder)}


# --- how well -------------------------------------------------------------------------------------


def spectral_error_db(made: np.ndarray, truth: np.ndarray) -> float:
    """Error of the magnitudes over 8192 samples against the piece played anew; a constant delay is forgiven."""
    level = [np.convolve(np.abs(each[0]), np.ones(64) / 64)[::16] for each in (made, truth)]
    n = min(map(len, level))
    both = scipy.signal.correlate(level[0][:n] - level[0][:n].mean(), level[1][:n] - level[1][:n].mean())
    delay = (int(np.argmax(both[n - 111 : n + 110])) - 110) * 16
    made = made[:, delay:] if delay > 0 else np.pad(made, ((0, 0), (-delay, 0)))
    n = min(made.shape[1], truth.shape[1]) - 4_410
    one, other = (
        np.abs(scipy.signal.stft(each[0, 2_000:n], RATE, nperseg=8192, noverlap=6144)[2]) for each in (made, truth)
    )
    return float(10 * np.log10(np.square(one - other).sum() / np.square(other).sum()))


def pitch_error_cents(made: np.ndarray, hz: float) -> float:
    samples = made[0, RATE // 2 : -RATE // 2].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 2**21))
    near = slice(round(hz * 0.95 * 2**21 / RATE), round(hz * 1.05 * 2**21 / RATE))
    peak = near.start + int(np.argmax(spectrum[near]))
    return float(abs(1200 * np.log2(peak * RATE / 2**21 / hz)))


def onset_errors_ms(move: Stretcher, ratio: float, semitones: float) -> tuple[float, float]:
    """Constant delay, and the largest deviation from it, of clicks half a second apart."""
    times_s = np.arange(0.5, 7.6, 0.5)
    out = np.abs(move(clicks(times_s, 8.0), ratio, semitones, "percussive")[0])
    found = []
    for at in times_s / ratio:
        first = round((at - 0.06) * RATE)
        found.append((first + int(np.argmax(out[first : first + round(0.12 * RATE)]))) / RATE - at)
    errors = 1000 * np.array(found)
    return float(np.median(errors)), float(np.abs(errors - np.median(errors)).max())


def energy_before_hits_db(move: Stretcher, ratio: float) -> float:
    """Energy in the 30 ms before kicks against that in the 30 ms after: what a smeared attack gives away."""
    times_s = np.arange(0.5, 7.6, 0.5)
    out = move(_placed([(at, kick()) for at in times_s], 8.0), ratio, 0.0, "percussive")[0].astype(np.float64)
    n = round(0.03 * RATE)
    places = [round(at / ratio * RATE) for at in times_s]
    before, after = (
        np.mean([np.square(out[at + a : at + b]).mean() for at in places]) for a, b in ((-n, -88), (-88, n))
    )
    return float(10 * np.log10(before / after + 1e-12))


def speed(move: Stretcher) -> float:
    """Seconds of stereo per second of processor time, stretched and shifted."""
    stereo = np.ascontiguousarray(np.repeat(piece("chords", BPM, 0.0), 2, axis=0))
    started = time.process_time()
    for ratio, semitones in MOVES[:2] + MOVES[4:]:
        move(stereo, ratio, semitones, "tonal")
    return 4 * stereo.shape[1] / RATE / (time.process_time() - started)


def judged(move: Stretcher) -> Iterator[tuple[str, float]]:
    """Names and values of all measures, the mean or the worst over ``MOVES``."""
    for name in ("bass", "chords", "melody", "drums"):
        material: Material = "percussive" if name == "drums" else "tonal"
        moves = [each for each in MOVES if name != "drums" or not each[1]]
        errors = [
            spectral_error_db(move(piece(name, BPM, 0), r, s, material), piece(name, BPM * r, s)) for r, s in moves
        ]
        yield f"{name}: error of the spectrum, mean [dB]", float(np.mean(errors))
    tone = 0.5 * np.sin(2 * np.pi * 220 * np.arange(4 * RATE) / RATE)[None].astype(np.float32)
    yield (
        "pitch error, worst [cents]",
        max(pitch_error_cents(move(tone, r, s, "tonal"), 220 * 2 ** (s / 12)) for r, s in MOVES),
    )
    onsets = [onset_errors_ms(move, r, s) for r, s in MOVES]
    yield "onsets: constant delay, worst [ms]", max(abs(delay) for delay, _ in onsets)
    yield "onsets: jitter, worst [ms]", max(jitter for _, jitter in onsets)
    yield "energy before kicks, worst [dB]", max(energy_before_hits_db(move, r) for r, s in MOVES if not s)
    lengths = [move(tone, r, s, "tonal").shape[1] - round(tone.shape[1] / r) for r, s in MOVES]
    yield "length error, worst [samples]", float(max(abs(each) for each in lengths))
    yield "speed, stereo [x real time]", speed(move)


def main() -> None:
    table = {name: dict(judged(move)) for name, move in stretchers().items()}
    print("| measure | " + " | ".join(table) + " |")
    for measure in next(iter(table.values())):
        print(f"| {measure} | " + " | ".join(f"{each[measure]:.1f}" for each in table.values()) + " |")


if __name__ == "__main__":
    main()
