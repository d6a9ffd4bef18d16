"""Makes hum queries whose answer is known: ``python queries.py OUT N [SEED]`` writes NNNN.npy and .json.

A passage of a melody is sung by a small synthesiser (hum, vowel or whistle) with people's
mistakes: wrong and dropped notes, another tempo and key, drifting pitch, uneven timing,
scoops, vibrato, breath noise, room noise and sometimes a telephone. Development queries
(../shared/corpus/hum) are never used, so they stay a validation set.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import scipy.signal

RATE = 22_050
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
VOICES = ("hum", "vowel", "whistle")
_FORMANTS = {"a": (750, 1200, 2600), "o": (480, 850, 2500), "u": (340, 750, 2300), "e": (480, 1900, 2600)}


def draw_passage(song: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, float]]:
    """Sung notes as rows (start_s, end_s, midi), and where in the song they are from."""
    first = int(rng.integers(0, max(1, len(song) - 10)))
    scale = float(rng.uniform(0.7, 1.4))
    length_s = float(rng.uniform(6.0, 13.0)) * 1.0
    part = song[first:]
    part = part[(part[:, 0] - part[0, 0]) * scale < length_s]
    rests = np.flatnonzero(np.diff(part[:, 0]) > 4.0)
    if len(rests):
        part = part[: rests[0] + 1]
    voice = str(rng.choice(VOICES))
    centre = {"hum": 53, "vowel": 54, "whistle": 79}[voice] + rng.integers(-7, 8)
    transpose = int(np.round(centre - np.median(part[:, 2])))
    drift = rng.uniform(-0.8, 0.8)
    tempo_walk = np.cumsum(rng.normal(0, 0.035, len(part)))
    time = (part[:, 0] - part[0, 0]) * scale
    time = np.maximum.accumulate(time + tempo_walk * 0.5 + rng.normal(0, 0.025, len(part)))
    time = time - time[0] + rng.uniform(0.1, 0.5)
    length = np.maximum((part[:, 1] - part[:, 0]) * scale * rng.uniform(0.8, 1.05), 0.09)
    midi = part[:, 2] + transpose + drift * (time - time[0]) / max(time[-1], 1.0) + rng.normal(0, 0.13, len(part))
    wrong = rng.random(len(part)) < rng.choice([0.0, 0.05, 0.1, 0.2])
    midi = midi + wrong * rng.choice([-3, -2, -2, -1, -1, 1, 1, 2, 2, 3], len(part))
    kept = rng.random(len(part)) > rng.choice([0.0, 0.03, 0.08])
    kept[0] = True
    time, length, midi = time[kept], length[kept], midi[kept]
    end = np.minimum(time + length, np.append(time[1:], np.inf) - rng.uniform(0.0, 0.04))
    rows = np.stack([time, np.maximum(end, time + 0.05), midi], axis=1)
    where = {"start_s": float(part[0, 0]), "end_s": float(part[-1, 1]), "scale": scale, "voice": VOICES.index(voice)}
    return rows, where


def sing(rows: np.ndarray, voice: str, rng: np.random.Generator) -> np.ndarray:
    total = int((rows[-1, 1] + 0.4) * RATE)
    times = np.arange(total) / RATE
    pitch = np.full(total, rows[0, 2])
    level = np.zeros(total)
    glide_s = rng.uniform(0.015, 0.07)
    for start, end, midi in rows:
        a, b = int(start * RATE), min(int(end * RATE), total)
        t = np.arange(total - a) / RATE
        scoop = rng.uniform(0, 1.2) if rng.random() < 0.3 else 0.0
        pitch[a:] = midi + (pitch[a] - midi) * np.exp(-t / glide_s) - scoop * np.exp(-t / 0.05)
        shape = np.minimum(
            1.0, np.minimum(np.arange(b - a) / (0.02 * RATE), (b - a - np.arange(b - a)) / (0.03 * RATE))
        )
        level[a:b] = np.maximum(level[a:b], shape * rng.uniform(0.6, 1.0))
    pitch = pitch + rng.uniform(0, 0.35) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * times + rng.uniform(0, 6))
    hz = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    if voice == "whistle":
        tone = np.sin(phase) + 0.03 * np.sin(2 * phase)
    else:
        formants = _FORMANTS[str(rng.choice(list(_FORMANTS)))]
        tone = np.zeros(total)
        slope = rng.uniform(1.6, 2.6) if voice == "hum" else rng.uniform(0.7, 1.2)
        for k in range(1, 40):
            if k * float(hz.min()) > 6000:
                break
            gain = k**-slope
            if voice == "vowel":
                gain = gain * (0.08 + sum(np.exp(-0.5 * ((k * hz - f) / 130.0) ** 2) for f in formants))
            tone = tone + np.where(k * hz < 9000, gain, 0.0) * np.sin(k * phase)
    breath = rng.standard_normal(total) * rng.uniform(0.0, 0.08)
    sound = (tone / (np.abs(tone).max() + 1e-9) + breath) * level
    noise = rng.standard_normal(total)
    if rng.random() < 0.5:
        noise = scipy.signal.lfilter([1.0], [1.0, -0.95], noise)
    snr_db = rng.uniform(10, 20)
    power = np.mean(sound[level > 0.1] ** 2)
    sound = sound + noise * np.sqrt(power / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    if rng.random() < 0.5:
        sound = scipy.signal.sosfilt(scipy.signal.butter(4, (300, 3400), "bandpass", fs=RATE, output="sos"), sound)
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def main() -> None:
    out, n = Path(sys.argv[1]), int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    out.mkdir(parents=True, exist_ok=True)
    songs = json.loads(gzip.decompress((CORPUS / "melodies.json.gz").read_bytes()))["songs"]
    names = sorted(songs)
    for i in range(n):
        rng = np.random.default_rng(seed + i)
        name = names[int(rng.integers(0, len(names)))]
        song = np.array([(a / 1000, (a + b) / 1000, c) for a, b, c in songs[name]])
        rows, where = draw_passage(song, rng)
        if len(rows) < 8:
            continue
        np.save(out / f"{i:05d}.npy", sing(rows, VOICES[int(where["voice"])], rng))
        truth = {"song": name, "notes": rows.tolist(), **where}
        (out / f"{i:05d}.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
