"""A pass is the span of a clip, decoded, resampled, stretched and shifted, ready to be mixed.

This is the work of worker processes: a file that crashes the decoder costs its own task. What is
made lies in a raw file (``orders.PassFile``), so that mixing reads it block by block.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from sonoteca.arrange.sound.orders import PassOrder
from sonoteca.arrange.sound.seam import closed
from sonoteca.arrange.sound.worker_tasks import PassWork
from sonoteca.audio.passage import Passage, read_passage
from sonoteca.audio.signal import AudioSignal
from sonoteca.audio.stretch import stretch
from sonoteca.audio.warp import warp
from sonoteca.domain.names import printable_path
from sonoteca.errors import RequestError
from sonoteca.ingest.failures import FileChanged

# Surroundings of a span that the stretcher hears, and a seam may need.
_CONTEXT_S = 0.5


def make_pass(work: PassWork) -> None:
    """Write the pass of an order; runs in a worker.

    Raises
    ------
    AudioError, FileChanged
        The file cannot be read, or holds another sound than the order says.
    RequestError
        No fault of the sound: no room for what was made, or no stretcher.
    """
    order = work.order
    passage = read_passage(work.path, order.start_s, order.end_s, context_s=_CONTEXT_S)
    if passage.content_hash != order.content_hash:
        raise FileChanged(f"{printable_path(work.path)} holds another sound now.")
    made = fitted(passage, order)
    try:
        with Path(work.target).open("wb") as file:
            for channel in (made[0], made[-1]):
                file.write(np.ascontiguousarray(channel, dtype="<f4").tobytes())
    except OSError as error:
        raise RequestError(
            f"The temporary file of a stretched sound cannot be written: {error.strerror or error}.",
            "Free disk space, or name another temporary folder in TMPDIR.",
        ) from error


def fitted(passage: Passage, order: PassOrder) -> NDArray[np.float32]:
    """Fit a passage to the rate, tempo, pitch and length of an order, float32 (1 or 2, n_samples)."""
    native, rate = passage.signal, order.sample_rate
    n_native = native.n_samples - passage.lead - passage.trail
    samples = native.samples
    if native.sample_rate != rate:
        resampled = soxr.resample(np.ascontiguousarray(samples.T), native.sample_rate, rate, quality="VHQ")
        samples = np.ascontiguousarray(resampled.T)
    lead = round(passage.lead * rate / native.sample_rate)
    n_core = max(1, min(round(n_native * rate / native.sample_rate), samples.shape[1] - lead))
    trail = samples.shape[1] - lead - n_core
    if order.anchors:
        inner = [(lead + round((at - order.start_s) * rate), round(to * rate)) for at, to in order.anchors]
        whole = [(lead, 0), *inner, (lead + n_core, order.n_samples)]
        return warp(AudioSignal(samples, rate), whole, semitones=order.semitones, material=order.material).samples
    if order.loops:
        samples = closed(samples[:, lead : lead + n_core], rate, samples[:, lead + n_core :])
        lead = trail = 0
    return stretch(
        AudioSignal(samples, rate),
        tempo_ratio=order.tempo_ratio,
        semitones=order.semitones,
        n_samples=order.n_samples,
        material=order.material,
        wraps=order.loops,
        lead=lead,
        trail=trail,
    ).samples
