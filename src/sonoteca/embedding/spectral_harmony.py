"""Measures which pitch classes sound, and what tells whether a sound has any."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.music import PITCH_CLASS_NAMES
from sonoteca.features.chroma_spectrum import BAND_ROWS, BINS_PER_SEMITONE, LOWEST_MIDI, N_PITCH_BINS, N_SEMITONES
from sonoteca.features.mel_traits import TRAIT_NAMES

_BASS_BELOW_MIDI = 52
# Pitches in which harmony is heard, E1 to C7: a kick lies below, the partials of cymbals above.
_TONAL_MIDI = (28, 96)
_MIDI = LOWEST_MIDI + np.arange(N_SEMITONES)
_TONAL = slice(_TONAL_MIDI[0] - LOWEST_MIDI, _TONAL_MIDI[1] - LOWEST_MIDI)
_N_CREST = 6
INPUTS = tuple(f"{name} of the {voice}" for voice in ("bass", "rest") for name in PITCH_CLASS_NAMES)
TRAIT_INPUTS = (
    "share of peaks", "peaks that stay", "few pitches", "few classes", "share in the range of harmony", "log frames",
    *TRAIT_NAMES[:_N_CREST],
)  # fmt: skip
N_TONAL_TRAITS = len(TRAIT_INPUTS)


def peak_semitones(pitch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Amplitude of the spectral peaks per semitone, (N_SEMITONES, n_frames), of ``PitchSpectrum()`` frames."""
    amplitude = np.square(pitch[:N_PITCH_BINS])
    return np.asarray(amplitude.reshape(N_SEMITONES, BINS_PER_SEMITONE, -1).sum(axis=1), np.float32)


def harmony_profile(semitones: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Pitch-class profile of the bass and of the rest, each relative to its mean; float32 (24,) of length 1.

    None where no spectral peak is found at all.
    """
    profile = np.sqrt(semitones).mean(axis=1)
    folded = np.zeros((2, 12), np.float32)
    np.add.at(folded, ((_MIDI >= _BASS_BELOW_MIDI).astype(int), _MIDI % 12), profile)
    folded -= folded.mean(axis=1, keepdims=True)
    norm = float(np.linalg.norm(folded))
    if norm <= 1e-9:
        return None
    return np.asarray(folded.ravel() / norm, np.float32)


def tonal_traits(
    semitones: NDArray[np.float32],
    pitch: NDArray[np.float32],
    traits: NDArray[np.float32],
    weight: NDArray[np.float32],
) -> NDArray[np.float32]:
    """What tells a harmony from drums and noise; float32 (N_TONAL_TRAITS,).

    Share of spectral peaks in all amplitude, how far peaks stay on their pitch from frame to frame, how few
    pitches and pitch classes hold them, the share within the range of harmony, peakedness per octave.
    """
    total = float(np.square(pitch[BAND_ROWS]).sum()) + 1e-12
    sounding = float(semitones.sum()) + 1e-12
    common = float(np.minimum(semitones[:, :-1], semitones[:, 1:]).sum())
    either = 2.0 * sounding - float(semitones[:, 0].sum() + semitones[:, -1].sum()) - common
    mean = semitones.sum(axis=1) / np.float32(sounding)
    classes = np.bincount(_MIDI % 12, weights=mean, minlength=12)
    crest = traits[:_N_CREST] @ weight
    return np.array(
        [
            np.log(sounding / total + 1e-3),
            common / (either + 1e-12),
            np.square(mean).sum() ** 0.5,
            np.square(classes).sum() ** 0.5,
            float(mean[_TONAL].sum()),
            np.log2(pitch.shape[1]),
            *(crest / 10.0),
        ],
        np.float32,
    )
