"""Runs one free analyzer over files and prints, as its last line, the processor time and what it heard.

    python bench/peer_programs.py PROGRAM FILE ...

See peers.py for the environment it needs.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def essentia_rhythm_key_chords(path: str) -> dict[str, Any]:
    import essentia.standard as es

    audio = es.MonoLoader(filename=path, sampleRate=44100)()
    bpm, beats, *_ = es.RhythmExtractor2013(method="multifeature")(audio)
    tonic, mode, _ = es.KeyExtractor(profileType="bgate")(audio)
    hpcp, peaks, spectrum = es.HPCP(), es.SpectralPeaks(), es.Spectrum()
    window = es.Windowing(type="blackmanharris62")
    frames = [hpcp(*peaks(spectrum(window(frame)))) for frame in es.FrameGenerator(audio, 4096, 2048)]
    labels, _ = es.ChordsDetection(hopSize=2048)(frames)
    step_s = 2048 / 44100
    chords = [[n * step_s, (n + 1) * step_s, _harte(label)] for n, label in enumerate(labels)]
    return {"tempo": float(bpm), "beats": [float(b) for b in beats], "key": f"{tonic} {mode}", "chords": chords}


def _harte(label: str) -> str:
    return f"{label[:-1]}:min" if label.endswith("m") else f"{label}:maj"


def essentia_music_extractor(path: str) -> dict[str, Any]:
    import essentia.standard as es

    pool, _ = es.MusicExtractor()(path)
    return {"tempo": float(pool["rhythm.bpm"])}


def librosa_beat_track(path: str) -> dict[str, Any]:
    import librosa

    samples, rate = librosa.load(path, sr=22050)
    tempo, beats = librosa.beat.beat_track(y=samples, sr=rate, units="time")
    return {"tempo": float(tempo[0] if hasattr(tempo, "__len__") else tempo), "beats": [float(b) for b in beats]}


def main() -> None:
    analyse = {f.__name__: f for f in (essentia_rhythm_key_chords, essentia_music_extractor, librosa_beat_track)}[
        sys.argv[1]
    ]
    analyse(sys.argv[2])
    started = time.process_time()
    heard = {path: analyse(path) for path in sys.argv[2:]}
    print(json.dumps({"cpu_s": time.process_time() - started, "heard": heard}))


if __name__ == "__main__":
    main()
