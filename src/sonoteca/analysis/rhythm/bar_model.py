"""The small network that ranks bar hypotheses.

Trained by ``training/rhythm/bar_model.py`` on rendered music of many styles. Inference is a
few matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.rhythm.evidence import RhythmEvidence
from sonoteca.analysis.rhythm.hypotheses import METERS, PulseViews, bar_features, input_names
from sonoteca.analysis.rhythm.pulse import Pulse
from sonoteca.models.files import load_network

WEIGHTS_FILE = "bars.npz"
# Two periods this close (relative) state the same tempo.
SAME_TEMPO = 0.02
# Logit by which a reading near the expected tempo is preferred: it settles octaves, not different music.
_EXPECTED_BONUS = 2.0
# Logits added per meter. Bars of five and seven were made more often for training than music has them, so that
# there was something to learn from, and waltzes less often than songs are waltzes.
_METER_BONUS = {4: 0.0, 3: 0.7, 2: 0.0, 5: -1.0, 7: -1.0}


@dataclass(frozen=True, slots=True, eq=False)
class BarChoice:
    """The winning hypothesis: beat ``downbeat`` of ``beat_s`` starts the first whole bar.

    ``tempo_share`` is the posterior share of all hypotheses at this tempo, ``pulse_share`` of
    those of this tempo and phase, ``bar_share`` of this very bar among those of this tempo,
    ``meter_share`` of this meter among them; ``score`` is the winner's raw score.
    ``alternatives_bpm`` are the other tempi, most probable first.
    """

    pulse: Pulse
    beat_s: NDArray[np.float64]
    profile: NDArray[np.float32]
    meter: int
    downbeat: int
    tempo_share: float
    pulse_share: float
    bar_share: float
    meter_share: float
    score: float
    alternatives_bpm: tuple[float, ...]


def score_hypotheses(evidence: RhythmEvidence, views: PulseViews) -> dict[int, NDArray[np.float64]]:
    """Raw scores per meter, shape (n_pulses, meter): one for each beat a bar could start at."""
    scores = {}
    for meter in METERS:
        network = load_network(WEIGHTS_FILE, f"meter{meter}", input_names(meter))
        score = network(bar_features(evidence, views, meter)) + _METER_BONUS[meter]
        scores[meter] = np.asarray(score, np.float64)
    return scores


def choose_bar(evidence: RhythmEvidence, views: PulseViews, *, expected_bpm: float | None = None) -> BarChoice:
    """The most probable tempo, and of its hypotheses the most probable bar.

    With ``expected_bpm`` (the tempo of what came before) readings near it are preferred.
    """
    scores = score_hypotheses(evidence, views)
    if expected_bpm is not None:
        tempi = np.array([60.0 / pulse.period_s for pulse in views.pulses])
        bonus = _EXPECTED_BONUS * np.exp(-0.5 * np.square(np.log(tempi / expected_bpm) / 0.05))
        scores = {meter: s + bonus[:, None] for meter, s in scores.items()}
    top = max(float(s.max()) for s in scores.values())
    weight = {meter: np.exp(s - top) for meter, s in scores.items()}
    total = sum(float(w.sum()) for w in weight.values())
    share = {meter: w / total for meter, w in weight.items()}
    by_view = np.sum([p.sum(axis=1) for p in share.values()], axis=0)
    log_period = np.log([pulse.period_s for pulse in views.pulses])
    same = np.abs(log_period[:, None] - log_period[None, :]) < SAME_TEMPO
    by_tempo = same @ by_view
    best = int(np.argmax(by_tempo))
    _, view, meter, downbeat = max(
        (float(p[i, d]), int(i), m, d) for m, p in share.items() for i in np.flatnonzero(same[best]) for d in range(m)
    )
    others: list[float] = []
    for i in np.argsort(by_tempo)[::-1]:
        bpm = 60.0 / views.pulses[int(i)].period_s
        if by_tempo[i] > 0.01 and not same[best, i] and all(abs(bpm / o - 1) > 0.04 for o in others):
            others.append(bpm)
    return BarChoice(
        pulse=views.pulses[view],
        beat_s=views.beats_of(view),
        profile=views.profile_of(view),
        meter=meter,
        downbeat=downbeat,
        tempo_share=float(by_tempo[best]),
        pulse_share=float(by_view[[near_phase(views.pulses[view], p) for p in views.pulses]].sum()),
        bar_share=float(share[meter][view, downbeat] / max(by_tempo[best], 1e-12)),
        meter_share=float(share[meter][same[best]].sum() / max(by_tempo[best], 1e-12)),
        score=float(scores[meter][view, downbeat]),
        alternatives_bpm=tuple(others[:4]),
    )


def near_phase(one: Pulse, other: Pulse) -> bool:
    """Whether two pulses state the same tempo and nearly the same beats."""
    if abs(np.log(one.period_s / other.period_s)) >= SAME_TEMPO:
        return False
    off = (one.phase_s - other.phase_s) / one.period_s
    return abs(off - round(off)) < 0.12
