"""Hear it before you use it: two sounds layered as ``match`` says, or one track going over into the next."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sonoteca.arrange.arrangement import Clip
from sonoteca.arrange.bar_grid import BarGrid
from sonoteca.arrange.layers import layers_of, place_clips
from sonoteca.arrange.material import PassOrder, make_passes
from sonoteca.arrange.mixdown import mix_down
from sonoteca.arrange.mixing import Layer
from sonoteca.arrange.preview_sound import PreviewSound
from sonoteca.arrange.render import DEFAULT_RATE, Rendering, check_targets
from sonoteca.arrange.transition_plan import TransitionPlan, plan_transition
from sonoteca.audio.stretch import MAX_RATIO, MAX_SEMITONES, MIN_RATIO
from sonoteca.catalogue.library import Library
from sonoteca.domain.vocabulary import Kind, Role
from sonoteca.errors import RequestError, SonotecaError
from sonoteca.ingest.executor import Executor
from sonoteca.match.fit import fit
from sonoteca.match.weights import Weights, default_weights

Mode = Literal["match", "transition"]
DEFAULT_BARS = 8
MAX_BARS = 64
# Where neither sound has a tempo, bars are only a way to count.
_COUNTING_BPM = 120.0
_WHOLE_PIECES = (Kind.TRACK, Kind.FIELD_RECORDING)


@dataclass(frozen=True, slots=True)
class At:
    """A moment: in seconds, or a bar counted from 1. ``parse_at`` reads one."""

    seconds: float | None = None
    bar: int | None = None


def parse_at(text: str) -> At:
    """Read ``"95.5"``, ``"1:35.5"`` or ``"bar:17"``.

    >>> parse_at("1:35.5").seconds, parse_at("bar:17").bar
    (95.5, 17)

    Raises
    ------
    RequestError
        For anything else.
    """
    if match := re.fullmatch(r"(?:(\d+):)?(\d+(?:\.\d+)?)", text.strip()):
        return At(seconds=60.0 * int(match[1] or 0) + float(match[2]))
    if (match := re.fullmatch(r"bar:(\d{1,6})", text.strip())) and int(match[1]) > 0:
        return At(bar=int(match[1]))
    raise RequestError(f"{text!r} is no moment.", "Write seconds as 95.5 or 1:35.5, or a bar as bar:17.")


@dataclass(frozen=True, slots=True)
class Preview:
    """What was written, and how: ``at_s`` is where B begins in it; ``notes`` are sentences on what was assumed."""

    rendering: Rendering
    mode: Mode
    tempo_ratio: float
    semitone_shift: int
    at_s: float
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        plain = self.rendering.as_json()
        for name in ("stems", "missing"):
            del plain[name]
        return plain | {
            "mode": self.mode,
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
    mode: Mode | None = None,
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
    mode : "match" or "transition", optional
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
    _check(bars, tempo_ratio, semitones)
    chosen: Mode = mode or ("transition" if a.kind in _WHOLE_PIECES and b.kind in _WHOLE_PIECES else "match")
    with tempfile.TemporaryDirectory(prefix="sonoteca-preview-", ignore_cleanup_errors=True) as folder:
        make = _Maker(Path(folder), workers, executor)
        if chosen == "match":
            ratio, shift = _movement(a, b, tempo_ratio, semitones, weights or default_weights())
            grid, layers, n_samples, at_sample, notes = _match(a, b, ratio, shift, at, bars, sample_rate, make)
        else:
            plan = plan_transition(a, b, at_s=at.seconds, at_bar=at.bar, bars=bars, tempo_ratio=tempo_ratio)
            ratio, shift, notes = plan.tempo_ratio, semitones or 0, plan.notes
            layers, n_samples, at_sample = _transition(a, b, plan, shift, sample_rate, make)
        down = mix_down(layers, n_samples, sample_rate=sample_rate, path=target)
    rendering = Rendering(target, {}, sample_rate, n_samples, down)
    return Preview(rendering, chosen, ratio, shift, at_sample / sample_rate, tuple(notes))
