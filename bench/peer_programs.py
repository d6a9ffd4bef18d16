"""Runs one free analyzer over files and prints the processor time it took; see peers.py for its environment."""

from __future__ import annotations

import json
import sys
import time


def essentia_rhythm_key_chords(path: str) -> None:
    import essentia.standard as es

    audio = es.MonoLoader(filename=path, sampleRate=44100)()
    es.RhythmExtractor2013(method="multifeature")(audio)
    es.KeyExtractor()(audio)
    hpcp, peaks, spectrum = es.HPCP(), es.SpectralPeaks(), es.Spectrum()
    window = es.Windowing(type="blackmanharris62")
    frames = [hpcp(*peaks(spectrum(window(frame)))) for frame in es.FrameGenerator(audio, 4096, 2048)]
    es.ChordsDetection(hopSize=2048)(frames)


def essentia_music_extractor(path: str) -> None:
    import essentia.standard as es

    es.MusicExtractor()(path)


def librosa_beat_track(path: str) -> None:
    import librosa

    samples, rate = librosa.load(path, sr=22050)
    librosa.beat.beat_track(y=samples, sr=rate)


def main() -> None:
    analyse = globals()[sys.argv[1]]
    analyse(sys.argv[2])
    started = time.process_time()
    for path in sys.argv[2:]:
        analyse(path)
    print(json.dumps({"cpu_s": time.process_time() - started}))


if __name__ == "__main__":
    main()
