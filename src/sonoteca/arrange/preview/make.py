"""Two sounds are layered as the match says, or one track goes over into the next, in a file to be heard."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sonoteca.arrange.arrangement import Clip
from sonoteca.arrange.bar_grid import BarGrid
from sonoteca.arrange.preview.mode import PreviewMode
from sonoteca.arrange.preview.request import DEFAULT_BARS, MAX_BARS, At, check_preview
from sonoteca.arrange.preview.sounds import PreviewSound
from sonoteca.arrange.preview.transition_plan import TransitionPlan, plan_transition
from sonoteca.arrange.sound.in_workers import make_passes, output_explained, render_workers, scratch_folder, write_mix
from sonoteca.arrange.sound.orders import PassFile, PassOrder, PlacedPass, Voices, name_of
from sonoteca.arrange.sound.placing import place_clips
from sonoteca.arrange.sound.rate import DEFAULT_RATE
from sonoteca.arrange.sound.render import Rendering, check_targets
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.vocabulary import Kind, Role
from sonoteca.errors import RequestError, SonotecaError
from sonoteca.match.fit import fit
from sonoteca.match.weights import Weights, default_weights
from sonoteca.workers.executor import Executor

# Where neither sound has a tempo, bars are only a way to count.
_COUNTING_BPM = 120.0
# A transition is cut out of two tracks: its own beginning and end are soft.
_BEGIN_S, _END_S = 0.005, 1.0
_WHOLE_PIECES = (Kind.TRACK, Kind.FIELD_RECORDING)


@dataclass(frozen=True, slots=True)
class Preview:
    """What was written, and how.

    ``at_s`` is where B begins in it; ``notes`` are sentences on what was assumed.
    """

    rendering: Rendering
    mode: PreviewMode
    tempo_ratio: float
    semitone_shift: int
    at_s: float
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        plain = self.rendering.as_json()
        for name in ("stems", "missing"):
            del plain[name]
        return plain | {
            "mode": str(self.mode),
            "tempo_ratio": round(self.tempo_ratio, 5),
            "semitone_shift": self.semitone_shift,
            "at_s": round(self.at_s, 4),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class PreviewPlan:
    """What is heard where: the voices ``a`` and ``b``.

    Attributes
    ----------
    paths : mapping of content hash to Path
    b_begins : int [samples]
    tempo_ratio : float
        What B's tempo is multiplied by.
    semitone_shift : int
        B's.
    notes : tuple of str
        Sentences on what was assumed.
    """

    mode: PreviewMode
    voices: Voices
    paths: Mapping[str, Path]
    n_samples: int
    sample_rate: int
    b_begins: int
    tempo_ratio: float
    semitone_shift: int
    notes: tuple[str, ...]

    @property
    def at_s(self) -> float:
        """Where B begins."""
        return self.b_begins / self.sample_rate

    @property
    def name(self) -> str:
        """A name for what is heard: another for each that sounds otherwise."""
        return name_of(self.voices, self.n_samples, self.sample_rate)


def render_preview(
    library: Library,
    a: PreviewSound,
    b: PreviewSound,
    path: str | os.PathLike[str],
    *,
    mode: PreviewMode | None = None,
    at: At = At(),
    bars: int = DEFAULT_BARS,
    tempo_ratio: float | None = None,
    semitones: int | None = None,
    weights: Weights | None = None,
    sample_rate: int = DEFAULT_RATE,
    workers: int = 1,
    executor: Executor | None = None,
) -> Preview:
    """Write how B sounds with A, or after it.

    Parameters
    ----------
    library : Library
        Its sounds are not overwritten.
    a, b : PreviewSound
        See ``load_preview_sound``. A stays as it is; B is stretched and shifted.
    path : path
        ``.wav``, ``.flac`` or ``.mp3``.
    mode : PreviewMode, optional
        Layered, or one after the other; by default a transition for two whole pieces.
    at : At
        Match: where B joins A. Transition: where in A it begins, moved to the nearest bar line; by
        default A's outro, else its last ``bars``.
    bars : int [1, 64]
        Match: how long both are heard. Transition: how long it takes; as much is heard before and after.
    tempo_ratio, semitones : optional
        What is done to B, instead of what ``match`` finds; a transition does not shift by itself.
    weights : Weights, optional
        Of the match; the shipped ones by default.

    Raises
    ------
    RequestError
        Options out of range, or a target that cannot be written to.
    AudioError, WorkerError
        A file cannot be read.
    """
    target = Path(path)
    check_targets(library, [target])
    plan = plan_preview(
        a,
        b,
        mode=mode,
        at=at,
        bars=bars,
        tempo_ratio=tempo_ratio,
        semitones=semitones,
        weights=weights,
        sample_rate=sample_rate,
    )
    with output_explained(target):
        return write_preview(plan, target, workers=workers, executor=executor)


def plan_preview(
    a: PreviewSound,
    b: PreviewSound,
    *,
    mode: PreviewMode | None = None,
    at: At = At(),
    bars: int = DEFAULT_BARS,
    tempo_ratio: float | None = None,
    semitones: int | None = None,
    weights: Weights | None = None,
    sample_rate: int = DEFAULT_RATE,
) -> PreviewPlan:
    """Say what of two sounds is heard where; parameters and errors as of ``render_preview``."""
    check_preview(bars, tempo_ratio, semitones)
    are_pieces = a.kind in _WHOLE_PIECES and b.kind in _WHOLE_PIECES
    chosen = mode or (PreviewMode.TRANSITION if are_pieces else PreviewMode.MATCH)
    if chosen == PreviewMode.MATCH:
        movement = _movement(a, b, tempo_ratio, semitones, weights or default_weights())
        return _match(a, b, movement, at, bars, sample_rate)
    transition = plan_transition(a, b, at_s=at.seconds, at_bar=at.bar, bars=bars, tempo_ratio=tempo_ratio)
    return _transition(a, b, transition, semitones or 0, sample_rate)


def write_preview(plan: PreviewPlan, target: Path, *, workers: int = 1, executor: Executor | None = None) -> Preview:
    """Write what a plan says to a file that may be written; OSError where it cannot."""
    with scratch_folder() as folder, render_workers(executor, workers=workers) as pool:
        orders = [each.order for some in plan.voices.values() for each in some]
        passes = _all_made(make_passes(orders, plan.paths, folder, pool))
        mixed = write_mix(plan.voices, passes, plan.n_samples, plan.sample_rate, path=target, executor=pool)
    return Preview(
        Rendering(target, {}, plan.sample_rate, plan.n_samples, mixed),
        plan.mode,
        plan.tempo_ratio,
        plan.semitone_shift,
        plan.at_s,
        plan.notes,
    )


def _all_made(made: Mapping[PassOrder, PassFile | SonotecaError]) -> dict[PassOrder, PassFile]:
    """Raise for the first sound that could not be had: both are needed."""
    passes: dict[PassOrder, PassFile] = {}
    for order, each in made.items():
        if isinstance(each, SonotecaError):
            raise each
        passes[order] = each
    return passes


@dataclass(frozen=True, slots=True)
class _Movement:
    """What is done to B."""

    tempo_ratio: float
    semitone_shift: int
    notes: tuple[str, ...] = ()


def _movement(
    a: PreviewSound, b: PreviewSound, tempo_ratio: float | None, semitones: int | None, weights: Weights
) -> _Movement:
    found = fit(a.regions, b.regions, weights)
    ratio = float(found.tempo_ratio[0])
    notes: tuple[str, ...] = ()
    if not np.isfinite(ratio):
        timeless = [sound.name for sound in (a, b) if sound.tempo_bpm is None] or [a.name, b.name]
        ratio, notes = 1.0, (f"The tempo of {' and '.join(timeless)} is not known: nothing is stretched.",)
    shift = int(found.semitone_shift[0])
    return _Movement(
        ratio if tempo_ratio is None else tempo_ratio,
        shift if semitones is None else semitones,
        notes if tempo_ratio is None else (),
    )


def _match(
    a: PreviewSound,
    b: PreviewSound,
    movement: _Movement,
    at: At,
    bars: int,
    sample_rate: int,
) -> PreviewPlan:
    """Lay A from the start and B from a bar on, both on A's grid."""
    a_start_s, a_end_s, a_bpm, beats_per_bar = a.bar_span(bars)
    b_start_s, b_end_s, b_bpm, _ = b.bar_span(bars)
    tempo_bpm = a_bpm or (b_bpm * movement.tempo_ratio if b_bpm else _COUNTING_BPM)
    grid = BarGrid(tempo_bpm, beats_per_bar, sample_rate)
    joins = at.bar - 1 if at.bar is not None else round((at.seconds or 0.0) * tempo_bpm / 60.0 / beats_per_bar)
    total = joins + bars
    if joins > MAX_BARS:
        sentence = f"B cannot join as late as bar {joins + 1}."
        raise RequestError(sentence, f"Name one of the first {MAX_BARS} bars.", field="at")
    sides: dict[str, list[PlacedPass]] = {}
    for name, sound, (start_s, end_s), first, ratio, shift in (
        ("a", a, (a_start_s, a_end_s), 0, 1.0, 0),
        ("b", b, (b_start_s, b_end_s), joins, movement.tempo_ratio, movement.semitone_shift),
    ):
        clip = Clip(
            sound.role,
            sound.content_hash,
            start_s,
            end_s,
            float(first),
            float(total - first),
            tempo_ratio=ratio,
            semitone_shift=shift,
            gain_db=sound.gain_db(sound.role),
        )
        placed = place_clips(grid, _played(sound, clip, grid), loops=sound.kind == Kind.LOOP)
        sides[name] = placed[clip.role]
    return PreviewPlan(
        PreviewMode.MATCH,
        sides,
        {a.content_hash: a.path, b.content_hash: b.path},
        grid.sample(total),
        sample_rate,
        grid.sample(joins),
        movement.tempo_ratio,
        movement.semitone_shift,
        movement.notes,
    )


def _played(sound: PreviewSound, clip: Clip, grid: BarGrid) -> list[Clip]:
    """Lay a sound as its kind is heard: a loop goes round, a one-shot strikes on every bar, anything else is heard once."""
    if sound.kind == Kind.LOOP:
        return [clip]
    length = min(clip.bars, float(grid.pass_bars(clip)))
    if sound.kind != Kind.ONE_SHOT:
        return [replace(clip, bars=length)]
    return [replace(clip, start_bar=clip.start_bar + bar, bars=min(length, 1.0)) for bar in range(math.ceil(clip.bars))]


def _transition(
    a: PreviewSound,
    b: PreviewSound,
    plan: TransitionPlan,
    semitones: int,
    sample_rate: int,
) -> PreviewPlan:
    """Lay A as it goes and B as it comes, at equal power over the bars both are heard."""
    n_before, n_overlap = (round(s * sample_rate) for s in (plan.starts_s - plan.a_from_s, plan.overlap_s))
    (b_from_s, _), *inner, (b_until_s, b_lasts_s) = plan.anchors
    of_a = PassOrder(
        content_hash=a.content_hash,
        start_s=plan.a_from_s,
        end_s=plan.a_until_s,
        tempo_ratio=1.0,
        semitones=0.0,
        n_samples=max(1, round((plan.a_until_s - plan.a_from_s) * sample_rate)),
        sample_rate=sample_rate,
        loops=False,
    )
    of_b = replace(
        of_a,
        content_hash=b.content_hash,
        start_s=b_from_s,
        end_s=b_until_s,
        tempo_ratio=(b_until_s - b_from_s) / b_lasts_s,
        semitones=float(semitones),
        n_samples=max(1, round(b_lasts_s * sample_rate)),
        anchors=tuple(inner),
    )
    n_a, n_b = of_a.n_samples, of_b.n_samples
    fade, ending = round(_BEGIN_S * sample_rate), round(_END_S * sample_rate)
    a_fades = (min(fade, n_a), min(n_overlap, n_a))
    b_fades = (min(n_overlap, n_b), min(ending, n_b))
    b_ends = n_before + n_b
    voices = {
        "a": [PlacedPass(of_a, (0, n_a), n_a, a.gain_db(Role.MIX), a_fades)],
        "b": [PlacedPass(of_b, (n_before, b_ends), b_ends, b.gain_db(Role.MIX), b_fades)],
    }
    return PreviewPlan(
        PreviewMode.TRANSITION,
        voices,
        {a.content_hash: a.path, b.content_hash: b.path},
        max(n_a, b_ends),
        sample_rate,
        n_before,
        plan.tempo_ratio,
        semitones,
        plan.notes,
    )
