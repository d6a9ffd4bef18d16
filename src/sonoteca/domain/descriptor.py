"""What can be said about a region: every descriptor, with its unit, range and meaning.

A descriptor's ``value`` is JSON. Composite ones are objects whose fields are those of the
``inspect --json`` object; times are seconds from the first sample of the *sound*, also on
event regions.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A thing that can be said.

    ``unit`` is the unit of a number ("" for objects, labels and ratios); ``low``/``high``
    bound a scalar (inclusive), ``None`` where there is no bound.
    """

    name: str
    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None


def _d(name: str, meaning: str, unit: str = "", low: float | None = None, high: float | None = None) -> Descriptor:
    return Descriptor(name, meaning, unit, low, high)


# --- what it is ---------------------------------------------------------------------------------
KIND = _d("kind", "track, loop, one_shot or field_recording")
LOOPABILITY = _d("loopability", "how well the end flows into the start", "", 0, 1)
BARS = _d("bars", "whole bars a loop holds", "bars", 1)
ROLE = _d("role", "object: value, and scores 0..1 per role that sum to 1")
SOUND_CLASS = _d("sound_class", "class of a one-shot: kick, snare, hat ...")
CONTENT = _d("content", "gapless list of {start_s, end_s, label, confidence}")
EVENTS = _d("events", "list of {start_s, end_s, label, confidence}: thunder, bird, engine ...")
INSTRUMENT = _d("instrument", "instrument family heard")
TONALITY = _d("tonality", "chance that there is harmony or pitch to name: 0 atonal, 1 tonal", "", 0, 1)

# --- rhythm -------------------------------------------------------------------------------------
TEMPO = _d("tempo", "object: bpm of the felt beat, alternatives_bpm best first")
TEMPO_CURVE = _d("tempo_curve", "list of {at_s, bpm}; only for music that drifts")
GRID = _d("grid", "object: segments [{start_s, bpm}] (start_s is a beat), drift_bpm")
GRID_SHIFT = _d("grid_shift_s", "how much later than heard a person says that every beat falls", "s")
BEATS = _d("beats_s", "beat times, rising", "s", 0)
DOWNBEATS = _d("downbeats_s", "first beats of bars, rising, each also a beat", "s", 0)
METER = _d("meter", "object: beats_per_bar (felt beats), beat_unit")
PULSE_CLARITY = _d("pulse_clarity", "how clear the beat is: share of periodic energy in the onset strength", "", 0, 1)
ONSET_DENSITY = _d("onset_density", "onsets per second", "1/s", 0)
ONSETS = _d("onsets_s", "times at which something starts to sound, rising", "s", 0)
ACCENTS = _d("onset_accents", "strength 0..1 below 1 kHz of each of onsets_s: kick and snare high, hats low")

# --- harmony ------------------------------------------------------------------------------------
KEY = _d("key", "object: tonic 0..11, mode major|minor, alternatives [{name, score}]")
TUNING = _d("tuning_cents", "deviation of concert pitch from A4 = 440 Hz", "cents", -50, 50)
KEY_SEGMENTS = _d("key_segments", "list of {start_s, end_s, name}, gapless")
CHORDS = _d("chords", "list of {start_s, end_s, label}, gapless, Harte labels, N for none")
CHROMA = _d("chroma", "mean pitch class energy, 12 numbers from C that sum to 1")

# --- the bar grid -------------------------------------------------------------------------------
BEAT_PROFILE = _d("beat_profile", "object: pitch classes and onsets of each beat, see domain/beat_profile.py")
SWING = _d("swing", "object: eighths and sixteenths, each {share of its pair: 0.5 straight, onsets} or null")

# --- melody -------------------------------------------------------------------------------------
PITCH = _d("pitch", "object: midi (fractional), hz; the one pitch of a one-shot")
NOTES = _d("notes", "list of {start_s, end_s, midi}: the melody, predominant in polyphony")
POSSIBLE_NOTES = _d("possible_notes", "object: notes that may be in the melody, see domain/possible_notes.py")

# --- form ---------------------------------------------------------------------------------------
SECTIONS = _d("sections", "list of {start_s, end_s, label}, gapless; equal labels repeat")
CUES = _d("cues", "list of {at_s, type, name}")
LOCKED = _d("locked", "true: a person wants what is known of the sound to stay as it is")
OWN_CUES = _d(
    "own_cues", "what a person says of cues: list of {at_s, type, name}; present false takes a heard one away"
)
ENERGY_LEVEL = _d("energy_level", "felt energy", "", 1, 10)
ENERGY_CURVE = _d("energy_curve", "energy 0..1 over time, one value a second (at most 1,000)")

# --- level and quality --------------------------------------------------------------------------
LOUDNESS = _d("loudness", "object: integrated_lufs, range_lu, true_peak_dbtp; null where not defined")
QUALITY = _d("quality", "list of {code, value}: what is wrong with the recording")

# --- timbre (scalars; all are reported under "descriptors") -------------------------------------
BRIGHTNESS = _d("brightness", "spectral centroid on a log-frequency axis, 0 = 100 Hz, 1 = 10 kHz", "", 0, 1)
WARMTH = _d("warmth", "share of energy in 100 to 800 Hz", "", 0, 1)
ROUGHNESS = _d("roughness", "sensory dissonance between partials", "", 0, 1)
NOISINESS = _d("noisiness", "spectral flatness: 0 a pure tone, 1 white noise", "", 0, 1)
ATTACK = _d("attack_s", "time from 10 % to 90 % of the first rise", "s", 0)
DECAY = _d("decay_s", "time from the peak to 20 dB below it", "s", 0)

DESCRIPTORS: dict[str, Descriptor] = {
    descriptor.name: descriptor for descriptor in tuple(globals().values()) if isinstance(descriptor, Descriptor)
}

SCALAR_DESCRIPTORS: tuple[Descriptor, ...] = (
    BRIGHTNESS, WARMTH, ROUGHNESS, NOISINESS, ATTACK, DECAY, PULSE_CLARITY, ONSET_DENSITY, TONALITY,
)  # fmt: skip

# What there is only where there is a beat.
OF_A_BEAT: tuple[Descriptor, ...] = (TEMPO_CURVE, GRID, BEATS, DOWNBEATS, METER, BARS, BEAT_PROFILE, SWING)
