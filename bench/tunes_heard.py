"""Humming against sound: 909 whole songs with accompaniment, of which the library knows only what it heard.

Songs are rendered once into ``bench/.work/tunes`` (some ten minutes and 4 GB; fluidsynth and the Debian fonts
fluid-soundfont-gm and timgm6mb-soundfont are needed), and what was heard is kept until the code that hears changes.
Seeds are those of no training song. The 50 songs of the development corpus were in no training at all.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sonoteca.analysis import melody as melody_package
from sonoteca.analysis.analyzer import RegionView
from sonoteca.analysis.melody.note_list import MelodyNotes
from sonoteca.audio.decode import open_recording
from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal
from sonoteca.domain.descriptor import POSSIBLE_NOTES
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.possible_notes import PossibleNotes
from sonoteca.domain.region import Region
from sonoteca.features import pitch_levels
from sonoteca.features.feature_pass import compute_features
from sonoteca.models.files import manifest
from sonoteca.search.hum.melody import Melody
from sonoteca.search.hum.query_notes import QueryNotes
from sonoteca.search.hum.query_pitch import query_notes

HERE = Path(__file__).parent
TRAINING = HERE.parent / "training" / "melody"
WORK = HERE / ".work" / "tunes"
# Own queries beside the 67 of the corpus, which are few for an interval.
N_QUERIES, QUERY_SEED = 300, 400_000
VOICES = ("hum", "vowel", "whistle")


def render_songs(n_songs: int) -> Path | None:
    """The folder of songs, made where it is incomplete; None where that cannot be done here."""
    songs = WORK / "songs"
    if len(list(songs.glob("*.json"))) < n_songs:
        print(f"rendering {n_songs} songs with accompaniment, once: some ten minutes", flush=True)
        if not _ran("render_whole.py", songs):
            return None
    return songs


def own_queries() -> list[tuple[str, str, QueryNotes]]:
    """(song, voice, notes heard) of generated queries; none where they cannot be made."""
    folder = WORK / "queries"
    if not folder.exists() and not _ran("queries.py", folder, N_QUERIES, QUERY_SEED):
        return []
    found = []
    for path in sorted(folder.glob("*.npy")):
        truth = json.loads(path.with_suffix(".json").read_text())
        notes = query_notes(AudioSignal(np.load(path)[None], ANALYSIS_RATE))
        found.append((truth["song"], VOICES[int(truth["voice"])], notes))
    return found


def _ran(script: str, *arguments: object) -> bool:
    try:
        subprocess.run([sys.executable, TRAINING / script, *map(str, arguments)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"humming against sound is not measured: {script} failed ({error})")
        return False
    return True


def heard_melodies(songs: Path, names: Sequence[str]) -> list[Melody]:
    """The melody of each song as the library hears it, under its place in ``names``; a song without one is left out."""
    kept = WORK / f"heard-{_digest_of_ears()}"
    kept.mkdir(parents=True, exist_ok=True)
    melodies = []
    for key, name in enumerate(names):
        stored = kept / f"{name}.json"
        if not stored.exists():
            stored.write_text(json.dumps(_heard(songs / f"{name}.flac")))
        value = json.loads(stored.read_text())
        if value:
            melodies.append(Melody.of_possible_notes(key, PossibleNotes.of_json(value)))
    return melodies


def _heard(path: Path) -> JsonValue:
    """What the analyzer states of a song, None where it hears no melody."""
    with open_recording(path) as recording:
        frames = compute_features(
            recording.read, n_samples=recording.n_samples, sample_rate=ANALYSIS_RATE, features=MelodyNotes.features
        )
        view = RegionView(Region(0, 0.0, recording.info.duration_s), recording, frames)
        stated = {each.descriptor: each.value for each in MelodyNotes().analyze(view, {})}
    return stated.get(POSSIBLE_NOTES)


def _digest_of_ears() -> str:
    """Changes with the code and the weights that turn sound into notes."""
    folder = Path(melody_package.__path__[0])
    files = [*sorted(each for each in folder.iterdir() if each.suffix == ".py"), Path(pitch_levels.__file__)]
    weights = "".join(manifest()[name].sha256 for name in MelodyNotes.model_files)
    return hashlib.sha256(b"".join(each.read_bytes() for each in files) + weights.encode()).hexdigest()[:12]
