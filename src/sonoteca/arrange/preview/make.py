"""Two sounds are layered as the match says, or one track goes over into the next, in a file to be heard."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.arrangement import Clip
from sonoteca.arrange.bar_grid import BarGrid
from sonoteca.arrange.preview.mode import PreviewMode
from sonoteca.arrange.preview.request import DEFAULT_BARS, MAX_BARS, At, check_preview
from sonoteca.arrange.preview.sounds import PreviewSound
from sonoteca.arrange.preview.transition_plan import TransitionPlan, plan_transition
from sonoteca.arrange.sound.layers import PlacedClip, layers_of, place_clips
from sonoteca.arrange.sound.material import PassOrder, make_passes, pass_workers, scratch_folder
from sonoteca.arrange.sound.mixdown import mix_down
from sonoteca.arrange.sound.mixing import Layer
from sonoteca.arrange.sound.render import DEFAULT_RATE, Rendering, check_targets
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.vocabulary import Kind, Role
from sonoteca.errors import RequestError, SonotecaError
from sonoteca.match.fit import fit
from sonoteca.match.weights import Weights, default_weights
from sonoteca.workers.executor import Executor

Passes: TypeAlias = dict[PassOrder, NDArray[np.float32]]
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
    check_preview(bars, tempo_ratio, semitones)
    are_pieces = a.kind in _WHOLE_PIECES and b.kind in _WHOLE_PIECES
    chosen = mode or (PreviewMode.TRANSITION if are_pieces else PreviewMode.MATCH)
    with scratch_folder() as folder, pass_workers(executor, workers=workers) as pool:

        def make(orders: Sequence[PassOrder]) -> Passes:
            return _all_made(make_passes(orders, folder, pool))

        if chosen == PreviewMode.MATCH:
            movement = _movement(a, b, tempo_ratio, semitones, weights or default_weights())
            mixture = _match(a, b, movement, at, bars, sample_rate, make)
        else:
            plan = plan_transition(a, b, at_s=at.seconds, at_bar=at.bar, bars=bars, tempo_ratio=tempo_ratio)
            mixture = _transition(a, b, plan, semitones or 0, sample_rate, make)
        down = mix_down(mixture.layers, mixture.n_samples, sample_rate=sample_rate, path=target)
        # Lets go of the mapped files before their folder is removed.
        mixture = replace(mixture, layers={})
    rendering = Rendering(target, {}, sample_rate, mixture.n_samples, down)
    return Preview(
        rendering, chosen, mixture.tempo_ratio, mixture.semitone_shift, mixture.b_begins / sample_rate, mixture.notes
    )


def _all_made(made: Mapping[PassOrder, NDArray[np.float32] | SonotecaError]) -> Passes:
    """Raise for the first sound that could not be had: both are needed."""
    passes: Passes = {}
    for order, each in made.items():
        if isinstance(each, SonotecaError):
            raise each
        passes[order] = each
    return passes


@dataclass(frozen=True, slots=True, eq=False)
class _Mixture:
    """Layers of ``a`` and ``b``; B begins at the sample ``b_begins``."""

    layers: Mapping[str, Sequence[Layer]]
    n_samples: int
    b_begins: int
    tempo_ratio: float
    semitone_shift: int
    notes: tuple[str, ...]


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
    make: Callable[[Sequence[PassOrder]], Passes],
) -> _Mixture:
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
    paths = {a.content_hash: a.path, b.content_hash: b.path}
    sides: dict[str, list[PlacedClip]] = {}
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
        sides[name] = place_clips(grid, _played(sound, clip, grid), paths, loops=sound.kind == Kind.LOOP)
    passes = make([each.order for some in sides.values() for each in some])
    layers = {
        name: [layer for some in layers_of(placed, passes).values() for layer in some] for name, placed in sides.items()
    }
    return _Mixture(
        layers,
        grid.sample(total),
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
    make: Callable[[Sequence[PassOrder]], Passes],
) -> _Mixture:
    """Lay A as it goes and B as it comes, at equal power over the bars both are heard."""
    n_before, n_overlap = (round(s * sample_rate) for s in (plan.starts_s - plan.a_from_s, plan.overlap_s))
    (b_from_s, _), *inner, (b_until_s, b_lasts_s) = plan.anchors
    of_a = PassOrder(
        path=str(a.path),
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
        path=str(b.path),
        content_hash=b.content_hash,
        start_s=b_from_s,
        end_s=b_until_s,
        tempo_ratio=(b_until_s - b_from_s) / b_lasts_s,
        semitones=float(semitones),
        n_samples=max(1, round(b_lasts_s * sample_rate)),
        anchors=tuple(inner),
    )
    passes = make([of_a, of_b])
    a_samples, b_samples = passes[of_a], passes[of_b]
    n_a, n_b = a_samples.shape[1], b_samples.shape[1]
    gains = [10.0 ** (sound.gain_db(Role.MIX) / 20.0) for sound in (a, b)]
    fade, ending = round(_BEGIN_S * sample_rate), round(_END_S * sample_rate)
    layers = {
        "a": [Layer(a_samples, (0, n_a), n_a, gains[0], fade_in=min(fade, n_a), fade_out=min(n_overlap, n_a))],
        "b": [
            Layer(
                b_samples,
                (n_before, n_before + n_b),
                n_before + n_b,
                gains[1],
                fade_in=min(n_overlap, n_b),
                fade_out=min(ending, n_b),
            )
        ],
    }
    return _Mixture(layers, max(n_a, n_before + n_b), n_before, plan.tempo_ratio, semitones, plan.notes)
