"""The four parts of a song in notes on its beats: drums, bass, harmony, melody.

Patterns are those of ``../rhythm/patterns.py``; what is added here is what makes parts of one
song belong together: the bass follows the song's own kick drum in many songs, all parts
swing alike, and pushes are shared by bass and harmony.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from patterns import DRUMS_4_4, KICK, Note, Score, add_bass, add_chords, add_drums
from songs import BEATS_PER_BAR, N_BARS, N_BEATS, Chord, Song

# Major, minor.
KEY_PROFILES = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)
ROLES = ("drums", "bass", "harmony", "melody")
DRUM_STYLES = tuple(style for style in DRUMS_4_4 if style != "hats")
BASS_STYLES = ("kick", "kick", "kick", "long", "root8", "octave", "offbeat", "synco", "walk", "dotted", "root2")
CHORD_STYLES = ("sustain", "sustain", "arp", "arp", "piano", "stab", "strum", "quarters")


@dataclass(frozen=True)
class Figures:
    """What was drawn for a song, to be told in the truth."""

    drums: str
    bass: str
    harmony: str
    swing: float
    push: bool


def make_parts(song: Song, rng: np.random.Generator) -> tuple[dict[str, list[Note]], Figures]:
    """Notes per role, ``at`` and ``length`` in beats, all within the eight bars."""
    swing = float(rng.uniform(0.06, 0.16)) if rng.random() < 0.25 else 0.0
    push = bool(rng.random() < 0.25)
    drums, bass, harmony = (str(rng.choice(each)) for each in (DRUM_STYLES, BASS_STYLES, CHORD_STYLES))
    figures = Figures(drums, bass, harmony, swing, push)
    pushed = replace(song, chords=_pushed(song.chords)) if push else song
    scores = {role: Score(BEATS_PER_BAR, N_BARS, 120.0) for role in ROLES}
    add_drums(scores["drums"], figures.drums, rng)
    _vary_kick(scores["drums"], rng)
    if figures.bass == "kick":
        _follow_kick(scores["bass"], scores["drums"], pushed, rng)
    else:
        add_bass(scores["bass"], pushed.harmony(), figures.bass, rng)
    add_chords(scores["harmony"], pushed.harmony(), figures.harmony, rng)
    velocity = int(rng.integers(80, 110))
    scores["melody"].notes += [
        Note(3, at, length, pitch, int(np.clip(velocity + rng.normal(0, 7), 30, 127)))
        for at, length, pitch in song.melody
    ]
    late = float(rng.uniform(0.0, 0.012))
    parts = {role: _performed(score.notes, swing, late, rng) for role, score in scores.items()}
    return parts, figures


def _pushed(chords: Sequence[Chord]) -> tuple[Chord, ...]:
    """Every chord but the first comes half a beat early, as in much pop."""
    starts = [0.0, *(max(0.0, c.beat - 0.5) for c in chords[1:])]
    ends = [*starts[1:], float(N_BEATS)]
    return tuple(
        Chord(start, end - start, c.root, c.quality) for start, end, c in zip(starts, ends, chords, strict=True)
    )


def _vary_kick(score: Score, rng: np.random.Generator) -> None:
    """Give the song a kick figure of its own: one or two places of the style's bar moved or added."""
    added = {float(rng.choice([0.75, 1.5, 1.75, 2.25, 2.5, 3.25, 3.5, 3.75])) for _ in range(int(rng.integers(0, 3)))}
    dropped = {float(rng.choice([1.5, 1.75, 2.0, 2.5, 3.5])) for _ in range(int(rng.integers(0, 2)))}
    score.notes = [n for n in score.notes if n.pitch != KICK or n.at % BEATS_PER_BAR not in dropped]
    taken = {n.at for n in score.notes if n.pitch == KICK}
    for bar in range(N_BARS):
        for place in added:
            if bar * BEATS_PER_BAR + place not in taken:
                score.notes.append(Note(9, bar * BEATS_PER_BAR + place, 0.2, KICK, int(rng.integers(85, 115))))


def _follow_kick(bass: Score, drums: Score, song: Song, rng: np.random.Generator) -> None:
    """The bass plays with the kick, and a little of its own between."""
    low = int(rng.integers(28, 36))
    hold = float(rng.uniform(0.4, 1.0))
    own = {float(place) for place in rng.choice(np.arange(0.5, 4, 0.5), int(rng.integers(0, 3)), replace=False)}
    places = {n.at for n in drums.notes if n.pitch == KICK and rng.random() < 0.92}
    places |= {bar * BEATS_PER_BAR + place for bar in range(N_BARS) for place in own}
    places |= {chord.beat for chord in song.chords}
    ordered = sorted(places)
    for at, following in zip(ordered, [*ordered[1:], float(N_BEATS)], strict=True):
        chord = next((c for c in reversed(song.chords) if c.beat <= at + 1e-6), song.chords[0])
        pitch = low + (chord.root - low) % 12
        if at > chord.beat and rng.random() < 0.15:
            pitch += int(rng.choice([7, 12, -5]))
        length = max(0.2, hold * min(following - at, 2.0))
        bass.notes.append(Note(1, at, length, pitch, int(rng.integers(85, 115))))


def _performed(notes: Sequence[Note], swing: float, late: float, rng: np.random.Generator) -> list[Note]:
    """Swung off-beats, a player's looseness, and nothing beyond the last bar line."""
    out = []
    for note in notes:
        if not -1e-6 <= note.at < N_BEATS - 0.01:
            continue
        place = note.at % 1.0
        at = note.at + swing * (abs(place - 0.5) < 0.02) + 0.5 * swing * (abs(place % 0.5 - 0.25) < 0.02)
        at = max(0.0, at + float(np.clip(rng.normal(0, 0.006), -0.015, 0.015)) + late)
        out.append(replace(note, at=at, length=min(note.length, N_BEATS - at)))
    return sorted(out, key=lambda n: (n.at, n.pitch))


def key_margin(notes: Sequence[Note], song: Song) -> float:
    """How much better the song's key explains a part's notes than the best key of another scale, as a correlation.

    Krumhansl and Kessler's profiles (Krumhansl, "Cognitive Foundations of Musical Pitch", 1990) over
    sounding time. Negative where the part alone says another key; a key and its relative are one.
    """
    sounding = np.zeros(12)
    for note in notes:
        sounding[note.pitch % 12] += note.length
    scores = np.array(
        [[np.corrcoef(np.roll(profile, tonic), sounding)[0, 1] for profile in KEY_PROFILES] for tonic in range(12)]
    )
    # By scale: a major key stands with its relative minor, nine semitones up.
    by_scale = np.maximum(scores[:, 0], np.roll(scores[:, 1], 3))
    own = (song.tonic + (3 if song.mode == "minor" else 0)) % 12
    return float(by_scale[own] - np.delete(by_scale, own).max())
