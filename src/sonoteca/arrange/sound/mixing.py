"""Layers lie on a time line of samples and are summed block by block."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.sound.orders import PassFile
from sonoteca.audio.crossfade import fade_in
from sonoteca.audio.measure import step_boundary

# Steps of measurement in a block of the mix.
_STEPS_PER_BLOCK = 16
# Where a pass is a sample shorter or longer than the next, it slides into place over so many.
_SLIDE = 128


class FiledSamples:
    """The samples of a pass that lie in its file, read when they are asked for: a long piece is never whole in memory.

    They are asked for as those of an array (2, n): ``samples[:, first:stop]``.
    """

    def __init__(self, file: PassFile) -> None:
        self._path = file.path
        self.shape = (2, file.n_samples)

    def __getitem__(self, key: tuple[slice, slice]) -> NDArray[np.float32]:
        channels, span = key
        first, stop, _ = span.indices(self.shape[1])
        n = max(0, stop - first)
        out = np.empty((2, n), dtype="<f4")
        with open(self._path, "rb") as file:
            for channel, row in enumerate(out):
                file.seek(row.itemsize * (channel * self.shape[1] + first))
                if file.readinto(row.data) < row.nbytes:
                    raise EOFError(f"{self._path} is shorter than the pass it holds")
        return out[channels].astype(np.float32, copy=False)


Samples: TypeAlias = NDArray[np.float32] | FiledSamples


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer is one pass, repeated from ``begins[0]`` on and heard until ``stop``.

    Attributes
    ----------
    samples : float32 (2, n), or those in a file
        The pass. Repetitions may be a sample longer or shorter, as the grid wants it.
    begins : tuple of int [samples]
        Where each repetition begins on the time line, and where the last would end; increasing.
    stop : int [samples]
        The first sample that is not heard any more, fades included.
    gain : float, linear
    fade_in, fade_out : int [samples]
        Lengths of the fades after ``begins[0]`` and before ``stop``; equal-power.
    """

    samples: Samples
    begins: tuple[int, ...]
    stop: int
    gain: float = 1.0
    fade_in: int = 0
    fade_out: int = 0

    @property
    def start(self) -> int:
        return self.begins[0]

    def heard(self, first: int, stop: int) -> NDArray[np.float32]:
        """What is heard in ``[first, stop)`` of the time line, which lies in the layer; float32 (2, stop - first)."""
        out = np.empty((2, stop - first), dtype=np.float32)
        number = bisect_right(self.begins, first) - 1
        at = first
        while at < stop:
            begin, end = self.begins[number], self.begins[number + 1]
            until = min(stop, end)
            out[:, at - first : until - first] = self._of_pass(at - begin, until - begin, end - begin)
            at, number = until, number + 1
        out *= np.float32(self.gain)
        self._fade(out, first)
        return out

    def _of_pass(self, first: int, stop: int, length: int) -> NDArray[np.float32]:
        """Samples ``[first, stop)`` of a repetition of ``length`` samples."""
        n = self.samples.shape[1]
        slide = min(_SLIDE, n // 4, length // 4)
        from_here = max(first, length - slide)
        if length == n or stop <= from_here:
            return self.samples[:, first:stop]
        # The end of the pass has to fall on the end of the repetition.
        at = np.arange(from_here, stop)
        share = ((at - (length - slide) + 1) / slide).astype(np.float32)
        early, late = (self._samples_at(np.clip(index, 0, n - 1)) for index in (at, at + n - length))
        return np.concatenate([self.samples[:, first:from_here], early * (1 - share) + late * share], axis=1)

    def _samples_at(self, index: NDArray[np.intp]) -> NDArray[np.float32]:
        """Those samples of the pass; they lie near each other, in rising order."""
        return self.samples[:, index[0] : index[-1] + 1][:, index - index[0]]

    def _fade(self, out: NDArray[np.float32], first: int) -> None:
        stop = first + out.shape[1]
        if self.fade_in and first < self.start + self.fade_in:
            n = min(stop, self.start + self.fade_in) - first
            out[:, :n] *= self._rise[first - self.start : first - self.start + n]
        begins_at = self.stop - self.fade_out
        if self.fade_out and stop > begins_at:
            at = max(first, begins_at)
            out[:, at - first :] *= self._fall[at - begins_at : stop - begins_at]

    @cached_property
    def _rise(self) -> NDArray[np.float32]:
        return fade_in(self.fade_in)

    @cached_property
    def _fall(self) -> NDArray[np.float32]:
        return fade_in(self.fade_out)[::-1].copy()


def mix(layers: Iterable[Layer], first: int, stop: int) -> NDArray[np.float64]:
    """Sum the layers in ``[first, stop)``, float64 (2, stop - first)."""
    total = np.zeros((2, stop - first))
    for layer in layers:
        begin, end = max(first, layer.start), min(stop, layer.stop)
        if begin < end:
            total[:, begin - first : end - first] += layer.heard(begin, end)
    return total


def blocks(n_samples: int, sample_rate: int) -> Iterator[tuple[int, int]]:
    """``[first, stop)`` of consecutive blocks that hold whole steps of measurement; the last holds the rest."""
    first = number = 0
    while first < n_samples:
        number += _STEPS_PER_BLOCK
        stop = min(n_samples, step_boundary(number, sample_rate))
        yield first, stop
        first = stop
