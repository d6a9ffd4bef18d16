"""An arrangement is a row of sections, and clips of loops on their bar grid.

Conventions of this package:

- bars count from 0 at the start of the piece; a span of bars is half-open, like a span of seconds;
- a bar is ``beats_per_bar`` felt beats of ``60 / tempo_bpm`` seconds, the same from start to end;
- a clip holds the *content* of a sound (its hash) and a span of it in seconds, never a path or a
  row number: it means the same sound after files moved and in another copy of the library;
- the span, played ``tempo_ratio`` times as fast and shifted by ``semitone_shift``, is one *pass*;
  a clip repeats the pass from its start until its ``bars`` are full, cutting the last one short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from sonoteca.domain.music import Key
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.vocabulary import Role

# What a metronome can say; every format that arrangements are exported to can hold it.
SLOWEST_BPM, FASTEST_BPM, MOST_BEATS_PER_BAR = 20.0, 400.0, 32
MOST_BARS = 4096
WIDEST_SHIFT = 12
MOST_SEED = 2**31 - 1
# Positions are sums of a few floats: what is nearer than this is the same place.
SAME_BAR = 1e-6
# A pass that misses whole beats by no more was cut or measured a little off: it is fitted to them.
_LOOSE_SHARE, _LOOSE_BEATS = Fraction(1, 100), Fraction(1, 10)
# Other passes stand on the finest grid that clips are cut on: triplet sixteenths.
_STEPS_PER_BEAT = 24


@dataclass(frozen=True, slots=True)
class Section:
    """A named stretch of whole bars. Sections of one name play the same loops unless edited."""

    name: str
    start_bar: int
    bars: int

    def __post_init__(self) -> None:
        if not self.name or self.start_bar < 0 or self.bars < 1:
            raise ValueError(f"not a section: {self.name!r}, {self.bars} bars from bar {self.start_bar}")

    @property
    def end_bar(self) -> int:
        return self.start_bar + self.bars


@dataclass(frozen=True, slots=True)
class Clip:
    """A span of one sound on the grid, played in one role.

    Attributes
    ----------
    role : str
        One of ``Role``: the track it stands on.
    content_hash : str
        Which sound.
    start_s, end_s : float [s]
        The span of the sound that is one pass.
    start_bar, bars : float [bars]
        Where it begins, and how long it goes on; longer than a pass repeats it.
    tempo_ratio : float > 0
        The sound's tempo is multiplied by it: a pass lasts ``(end_s - start_s) / tempo_ratio`` seconds.
    semitone_shift : int in [-12, 12]
    gain_db : float [dB]
    score : float in [0, 1] or None
        How well it fits what plays with it; None where nothing was there to compare.
    reasons : tuple of str
        Why it was chosen, for people.
    """

    role: str
    content_hash: str
    start_s: float
    end_s: float
    start_bar: float
    bars: float
    tempo_ratio: float = 1.0
    semitone_shift: int = 0
    gain_db: float = 0.0
    score: float | None = None
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.role not in tuple(Role):
            raise ValueError(f"{self.role!r} is not a role")
        if not 0 <= self.start_s < self.end_s:
            raise ValueError(f"a clip plays a span of its sound, got {self.start_s} s to {self.end_s} s")
        if self.start_bar < 0 or self.bars <= 0 or self.tempo_ratio <= 0:
            raise ValueError(f"not a clip: {self.bars} bars from bar {self.start_bar} at {self.tempo_ratio} times")
        if abs(self.semitone_shift) > WIDEST_SHIFT:
            raise ValueError(f"a shift of {self.semitone_shift} semitones is more than an octave")

    @property
    def end_bar(self) -> float:
        return self.start_bar + self.bars

    @property
    def span_s(self) -> float:
        """Length of the span in the sound as it was recorded."""
        return self.end_s - self.start_s


def pass_beats(clip: Clip, tempo_bpm: float) -> Fraction:
    """Count the beats that one pass of a clip fills at a tempo: whole ones where it nearly does, else as its span says.

    Seconds and ratios are rounded numbers: without this a loop of four bars would be a sample off
    after some repetitions.

    >>> pass_beats(Clip("drums", "x1:0", 0.0, 7.99, 0, 4), 120.0)
    Fraction(16, 1)
    """
    beats = Fraction(clip.span_s) / Fraction(clip.tempo_ratio) * Fraction(tempo_bpm) / 60
    whole = max(1, round(beats))
    if abs(beats - whole) <= min(_LOOSE_SHARE * whole, _LOOSE_BEATS):
        return Fraction(whole)
    stepped = Fraction(max(1, round(beats * _STEPS_PER_BEAT)), _STEPS_PER_BEAT)
    return stepped if abs(beats - stepped) <= SAME_BAR * max(1.0, float(beats)) else beats


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Sections, clips and the grid they stand on.

    Attributes
    ----------
    tempo_bpm : float in [20, 400]
    beats_per_bar : int in [1, 32]
    key : Key or None
        What the tonal clips are shifted to; None where nothing tonal was asked for.
    sections : tuple of Section
        Gapless from bar 0, in order; at most 4096 bars.
    clips : tuple of Clip
        Those of one role never overlap, and all lie inside the sections.
    seed : int in [0, 2**31)
        The random number the choice began with: the same request over the same library and seed
        chooses the same loops.
    muted : frozenset of str
        Roles that are kept but not heard.
    locked : frozenset of (role, section name)
        Choices that an edit refuses to replace.
    details : mapping
        The request, and sentences on what was assumed for it.
    public_id : str or None
        Given when it is stored.
    """

    tempo_bpm: float
    beats_per_bar: int
    key: Key | None
    sections: tuple[Section, ...]
    clips: tuple[Clip, ...]
    seed: int = 0
    title: str | None = None
    muted: frozenset[str] = frozenset()
    locked: frozenset[tuple[str, str]] = frozenset()
    details: Mapping[str, JsonValue] = field(default_factory=dict)
    public_id: str | None = None

    def __post_init__(self) -> None:
        if not SLOWEST_BPM <= self.tempo_bpm <= FASTEST_BPM or not 1 <= self.beats_per_bar <= MOST_BEATS_PER_BAR:
            raise ValueError(f"not a bar grid: {self.beats_per_bar} beats at {self.tempo_bpm} bpm")
        if not self.sections:
            raise ValueError("an arrangement has at least one section")
        if not 0 <= self.seed <= MOST_SEED:
            raise ValueError(f"a seed is a number from 0 to {MOST_SEED}, got {self.seed}")
        at = 0
        for section in self.sections:
            if section.start_bar != at:
                raise ValueError(
                    f"section {section.name} starts at bar {section.start_bar}, the one before ends at {at}"
                )
            at = section.end_bar
        if at > MOST_BARS:
            raise ValueError(f"a piece has at most {MOST_BARS} bars, got {at}")
        for role in self.roles:
            for one, other in pairwise(self.clips_of(role)):
                if other.start_bar < one.end_bar - SAME_BAR:
                    raise ValueError(f"two {role} clips overlap at bar {other.start_bar}")
        for clip in self.clips:
            if clip.end_bar > at + SAME_BAR:
                raise ValueError(f"a {clip.role} clip ends at bar {clip.end_bar}, the piece at {at}")

    @property
    def bars(self) -> int:
        return self.sections[-1].end_bar

    @property
    def beat_s(self) -> float:
        return 60.0 / self.tempo_bpm

    @property
    def bar_s(self) -> float:
        return self.beats_per_bar * self.beat_s

    @property
    def duration_s(self) -> float:
        return self.bars * self.bar_s

    @property
    def roles(self) -> tuple[str, ...]:
        """List the roles that have clips, in the order of ``Role``."""
        held = {clip.role for clip in self.clips}
        return tuple(str(role) for role in Role if role in held)

    def clips_of(self, role: str) -> tuple[Clip, ...]:
        """List the clips of one role in time order."""
        return tuple(sorted((clip for clip in self.clips if clip.role == role), key=lambda clip: clip.start_bar))

    def section_at(self, bar: float) -> Section:
        """Find the section that plays at a bar inside the piece."""
        return next(section for section in reversed(self.sections) if section.start_bar <= bar + SAME_BAR)

    def pass_bars(self, clip: Clip) -> float:
        """Count the bars that one pass of a clip fills on this grid.

        A loop of four bars gives exactly 4.0, although seconds and ratio are rounded numbers.
        """
        return float(pass_beats(clip, self.tempo_bpm) / self.beats_per_bar)
