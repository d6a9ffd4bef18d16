"""What is believed of a region: the winning statements, with the bar grid as a person has corrected it.

A person corrects a tempo, or moves the grid; beats, bar lines, bars and what is told per beat follow here,
the one place that everybody reads through. What was heard is never changed: without the correction it
is believed again, to the bit.

- At half, double, a quarter or four times the tempo that was heard the beats stay those that were heard:
  every second one is left out, or one is put in the middle of every two.
- Any other tempo lays a steady grid through the first bar line that was heard. Music that drifts has no
  steady grid: a tempo within 4 % of one of those levels means that level.
- Bars are counted from the first bar line that was heard, and keep their number of beats.
- Without a tempo there is no beat either.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sonoteca.domain.beat_profile import halved_profile, twice_profile
from sonoteca.domain.descriptor import (
    BARS,
    BEAT_PROFILE,
    BEATS,
    CUES,
    DOWNBEATS,
    GRID,
    GRID_SHIFT,
    METER,
    OF_A_BEAT,
    OWN_CUES,
    SWING,
    TEMPO,
    TEMPO_CURVE,
    Descriptor,
)
from sonoteca.domain.observation import JsonValue, Observation, Provenance
from sonoteca.domain.precedence import winning
from sonoteca.domain.vocabulary import Source

# Whoever reads a descriptor that follows a correction loads these as well.
CORRECTIONS: tuple[Descriptor, ...] = (TEMPO, TEMPO_CURVE, GRID_SHIFT)
# A tempo is shown with one decimal: what differs by less than that from a level of what was heard means the level.
_SHOWN_BPM = 0.05
# The tempo that is told of music that drifts is its middle; a person may name another moment's.
_DRIFTING_SHARE = 0.04
_OCTAVES = (-1, 1, -2, 2)
# Positions are kept to a tenth of a millisecond.
_DECIMALS = 4
_SLACK_S = 1e-3
# What is told per beat is kept while its last beat strays by less than this part of one.
_STRAY_BEATS = 0.25
# Two cues this near are one.
SAME_CUE_S = 0.05


@dataclass(frozen=True, slots=True)
class _Beats:
    """Beat times, which of them begin a bar, and how many make one."""

    times_s: tuple[float, ...]
    first_of_bar: tuple[int, ...]
    per_bar: int


def believe(statements: Iterable[Observation], *, end_s: float, trust_names: bool = False) -> dict[str, Observation]:
    """What is believed per descriptor name, of all that was said of one region.

    Parameters
    ----------
    statements : iterable of Observation
        Of all sources; for a descriptor that follows a correction with those of ``CORRECTIONS``.
    end_s : float [s]
        End of the region in the sound: no beat stands there or later.
    trust_names : bool
        As for ``precedence.winning``.

    Returns
    -------
    dict
        Descriptors that follow a person's correction have the person's provenance and no confidence.

    Examples
    --------
    >>> from sonoteca.domain.observation import Provenance
    >>> heard, person = Provenance(Source.ANALYZER, "x", 1), Provenance(Source.USER, "user", 1)
    >>> said = [
    ...     Observation(TEMPO, {"bpm": 120.0}, 0.5, heard),
    ...     Observation(BEATS, [0.0, 0.5, 1.0, 1.5], 0.5, heard),
    ...     Observation(TEMPO, {"bpm": 60.0}, None, person),
    ... ]
    >>> believe(said, end_s=2.0)["beats_s"].value
    [0.0, 1.0]
    """
    said = tuple(statements)
    best = winning(said, trust_names=trust_names)
    tempo = best.get(TEMPO.name)
    if tempo is not None and tempo.provenance.source is Source.USER:
        _follow_tempo(best, said, tempo, end_s)
    shift = best.get(GRID_SHIFT.name)
    if shift is not None and isinstance(shift.value, int | float) and shift.value:
        _follow_shift(best, float(shift.value), shift.provenance, end_s)
    if (own := best.get(OWN_CUES.name)) is not None:
        _add_own_cues(best, own)
    return best


# --- a tempo ---------------------------------------------------------------------------------------


def _follow_tempo(best: dict[str, Observation], said: Sequence[Observation], tempo: Observation, end_s: float) -> None:
    bpm = _bpm(tempo.value)
    if bpm is None:
        for descriptor in OF_A_BEAT:
            if _is_heard(best, descriptor):
                del best[descriptor.name]
        return
    heard_bpm = _heard_bpm(said)
    if heard_bpm is None or bpm == heard_bpm:
        return
    octave = _octave(bpm, heard_bpm, drifts=_is_heard(best, TEMPO_CURVE))
    values: dict[Descriptor, JsonValue] = {}
    beats = _heard_beats(best)
    if octave is None:
        if beats is not None:
            beats = _steady(beats, bpm, end_s)
            values[GRID] = {"segments": [{"start_s": beats.times_s[0], "bpm": bpm}], "drift_bpm": 0.0}
        values[TEMPO_CURVE] = values[SWING] = None
    elif octave:
        if beats is not None:
            for _ in range(abs(octave)):
                beats = _twice(beats, end_s) if octave > 0 else _halved(beats)
        ratio = 2.0**octave
        values[GRID] = _scaled_grid(_value(best, GRID), ratio, beats)
        values[TEMPO_CURVE] = _scaled_curve(_value(best, TEMPO_CURVE), ratio)
        values[SWING] = _swing_at(_value(best, SWING), octave)
    else:
        return
    if beats is not None:
        values[BEATS] = list(beats.times_s)
        values[DOWNBEATS] = [beats.times_s[each] for each in beats.first_of_bar]
    values[BARS] = _whole_bars(_value(best, BARS), bpm / heard_bpm if octave is None else 2.0**octave)
    values[BEAT_PROFILE] = _profile_at(_value(best, BEAT_PROFILE), bpm / heard_bpm, octave)
    _put(best, values, tempo.provenance)


def _heard_bpm(said: Sequence[Observation]) -> float | None:
    """The tempo that the heard grid was laid at."""
    by_ear = winning(each for each in said if each.provenance.source is Source.ANALYZER)
    if (tempo := by_ear.get(TEMPO.name)) is not None:
        return _bpm(tempo.value)
    beats = by_ear.get(BEATS.name)
    times = _numbers(None if beats is None else beats.value)
    return 60.0 * (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else None


def _octave(bpm: float, heard_bpm: float, *, drifts: bool) -> int | None:
    """How many times the heard tempo has to be doubled to be what a person says; None for another tempo."""
    for octave in _OCTAVES:
        if abs(bpm - heard_bpm * 2.0**octave) <= _SHOWN_BPM:
            return octave
    if drifts:
        nearest = round(math.log2(bpm / heard_bpm))
        if abs(bpm / (heard_bpm * 2.0**nearest) - 1.0) <= _DRIFTING_SHARE and abs(nearest) <= 2:
            return nearest
    return None


def _heard_beats(best: dict[str, Observation]) -> _Beats | None:
    if not _is_heard(best, BEATS):
        return None
    times = _numbers(_value(best, BEATS))
    if len(times) < 2:
        return None
    places = {time: place for place, time in enumerate(times)}
    first_of_bar = tuple(places[each] for each in _numbers(_value(best, DOWNBEATS)) if each in places)
    meter = _value(best, METER)
    per_bar = meter.get("beats_per_bar") if isinstance(meter, dict) else None
    if not isinstance(per_bar, int) or per_bar < 1:
        gaps = [right - left for left, right in pairwise(first_of_bar)]
        per_bar = max(set(gaps), key=gaps.count) if gaps else max(1, len(times))
    return _Beats(tuple(times), first_of_bar, per_bar)


def _runs(beats: _Beats) -> list[tuple[int, int]]:
    """Stretches of regular bars, each from its first bar line to that of the next, as places of beats.

    The first begins with the beats before its bar line; long music was heard piece by piece, and its bars may
    begin anew.
    """
    lines = beats.first_of_bar or (0,)
    starts = [lines[0]] + [right for left, right in pairwise(lines) if (right - left) % beats.per_bar]
    return list(zip(starts, [*starts[1:], len(beats.times_s)], strict=True))


def _halved(beats: _Beats) -> _Beats:
    times: list[float] = []
    lines: list[int] = []
    for number, (start, end) in enumerate(_runs(beats)):
        if number == 0:
            times += beats.times_s[start % 2 : start : 2]
        # Of two that were heard next to each other the bar line of the new stretch holds.
        elif times and beats.times_s[start - 1] == times[-1]:
            times.pop()
            if lines and lines[-1] == len(times):
                lines.pop()
        first = len(times)
        times += beats.times_s[start:end:2]
        if beats.first_of_bar:
            lines += range(first, len(times), beats.per_bar)
    return _Beats(tuple(times), tuple(lines), beats.per_bar)


def _twice(beats: _Beats, end_s: float) -> _Beats:
    old = beats.times_s
    times: list[float] = []
    for left, right in pairwise(old):
        times += [left, round((left + right) / 2.0, _DECIMALS)]
    times.append(old[-1])
    # The last beat is as long as the one before it, if the sound goes on so long.
    after = round(old[-1] + (old[-1] - old[-2]) / 2.0, _DECIMALS)
    if old[-1] + (old[-1] - old[-2]) <= end_s + _SLACK_S:
        times.append(after)
    lines: list[int] = []
    if beats.first_of_bar:
        for start, end in _runs(beats):
            lines += range(2 * start, min(2 * end, len(times)), beats.per_bar)
    return _Beats(tuple(times), tuple(lines), beats.per_bar)


def _steady(beats: _Beats, bpm: float, end_s: float) -> _Beats:
    """A grid of equal beats through the first bar line, over the time in which beats were heard."""
    old, period = beats.times_s, 60.0 / bpm
    anchor = old[beats.first_of_bar[0]] if beats.first_of_bar else old[0]
    before = int((anchor - old[0] + _SLACK_S) / period)
    last_s = min(end_s, 2.0 * old[-1] - old[-2])
    after = math.ceil((last_s - anchor - _SLACK_S) / period)
    times = tuple(round(anchor + each * period, _DECIMALS) for each in range(-before, max(after, 1)))
    lines = tuple(range(before, len(times), beats.per_bar)) if beats.first_of_bar else ()
    return _Beats(times, lines, beats.per_bar)


def _scaled_grid(grid: JsonValue, ratio: float, beats: _Beats | None) -> JsonValue:
    if not isinstance(grid, dict):
        return None
    segments: list[JsonValue] = []
    for each in _objects(grid.get("segments")):
        start_s, bpm = each.get("start_s"), each.get("bpm")
        if isinstance(start_s, int | float) and isinstance(bpm, int | float):
            if beats is not None:
                # A stretch begins on a beat: on the next one where its own was left out.
                start_s = next((time for time in beats.times_s if time >= start_s - _SLACK_S), start_s)
            segments.append({"start_s": start_s, "bpm": round(bpm * ratio, 3)})
    drift = grid.get("drift_bpm")
    return {"segments": segments, "drift_bpm": round(drift * ratio, 3) if isinstance(drift, int | float) else None}


def _scaled_curve(curve: JsonValue, ratio: float) -> JsonValue:
    scaled: list[JsonValue] = [
        each | {"bpm": round(bpm * ratio, 2)}
        for each in _objects(curve)
        if isinstance(bpm := each.get("bpm"), int | float)
    ]
    return scaled or None


def _swing_at(swing: JsonValue, octave: int) -> JsonValue:
    """Pairs of eighths of one level are pairs of sixteenths of the level below."""
    if not isinstance(swing, dict) or abs(octave) != 1:
        return None
    eighths, sixteenths = swing.get("eighths"), swing.get("sixteenths")
    moved = (sixteenths, None) if octave > 0 else (None, eighths)
    return {"eighths": moved[0], "sixteenths": moved[1]} if moved != (None, None) else None


def _whole_bars(bars: JsonValue, ratio: float) -> JsonValue:
    if not isinstance(bars, int | float):
        return None
    scaled = bars * ratio
    return round(scaled) if round(scaled) >= 1 and abs(scaled - round(scaled)) < 0.02 else None


def _profile_at(profile: JsonValue, ratio: float, octave: int | None) -> JsonValue:
    if not isinstance(profile, dict):
        return None
    if octave is None:
        n_beats, beat_s = profile.get("n_beats"), profile.get("beat_s")
        if not isinstance(n_beats, int) or not isinstance(beat_s, int | float):
            return None
        # Told at another tempo it would tell of other beats.
        is_near = n_beats * abs(ratio - 1.0) < _STRAY_BEATS
        return profile | {"beat_s": round(beat_s / ratio, 6), "fills": False} if is_near else None
    found: dict[str, JsonValue] | None = profile
    for _ in range(abs(octave)):
        if found is not None:
            found = twice_profile(found) if octave > 0 else halved_profile(found)
    return found


# --- a shift ---------------------------------------------------------------------------------------


def _follow_shift(best: dict[str, Observation], shift_s: float, by: Provenance, end_s: float) -> None:
    """Every beat and bar line ``shift_s`` later; what would stand outside the sound is none, what comes in is one."""
    values: dict[Descriptor, JsonValue] = {}
    times = _numbers(_value(best, BEATS))
    if len(times) > 1:
        lines = _numbers(_value(best, DOWNBEATS))
        moved = _moved(times, shift_s, end_s, _reach(times, end_s))
        values[BEATS] = list(moved)
        if lines:
            bar = [right - left for left, right in pairwise(lines)]
            reach = _reach(lines, end_s) if len(lines) > 1 and max(bar) - min(bar) < 0.1 * min(bar) else (False, False)
            values[DOWNBEATS] = list(_moved(lines, shift_s, end_s, reach))
    grid = _value(best, GRID)
    if isinstance(grid, dict):
        segments: list[JsonValue] = []
        for each in _objects(grid.get("segments")):
            start_s = each.get("start_s")
            if isinstance(start_s, int | float):
                at_s = round(start_s + shift_s, _DECIMALS)
                bpm = each.get("bpm")
                if isinstance(bpm, int | float) and bpm > 0:
                    while at_s < 0:
                        at_s = round(at_s + 60.0 / bpm, _DECIMALS)
                segments.append(each | {"start_s": at_s})
        values[GRID] = grid | {"segments": segments}
    curve: list[JsonValue] = [
        each | {"at_s": round(moment_s + shift_s, 3)}
        for each in _objects(_value(best, TEMPO_CURVE))
        if isinstance(moment_s := each.get("at_s"), int | float)
    ]
    if curve:
        values[TEMPO_CURVE] = curve
    profile = _value(best, BEAT_PROFILE)
    if isinstance(profile, dict) and isinstance(start_s := profile.get("start_s"), int | float):
        values[BEAT_PROFILE] = profile | {"start_s": round(start_s + shift_s, _DECIMALS), "fills": False}
    _put(best, values, by)


def _reach(times: Sequence[float], end_s: float) -> tuple[bool, bool]:
    """Whether there is room for one more before the first, and after the last: then none was heard there."""
    return times[0] - (times[1] - times[0]) < 0, 2 * times[-1] - times[-2] > end_s - _SLACK_S


def _moved(times: Sequence[float], shift_s: float, end_s: float, reach: tuple[bool, bool]) -> Sequence[float]:
    moved = [each + shift_s for each in times]
    first, last = times[1] - times[0] if len(times) > 1 else 0.0, times[-1] - times[-2] if len(times) > 1 else 0.0
    while reach[0] and first > 0 and moved[0] - first >= 0:
        moved.insert(0, moved[0] - first)
    while reach[1] and last > 0 and moved[-1] + last < end_s - _SLACK_S:
        moved.append(moved[-1] + last)
    return [round(each, _DECIMALS) for each in moved if 0 <= round(each, _DECIMALS) < end_s]


# --- cues ------------------------------------------------------------------------------------------


def _add_own_cues(best: dict[str, Observation], own: Observation) -> None:
    """A person's cues beside those that were heard, in order of time; one at the same moment takes its place."""
    mine = [(at_s, each) for each in _objects(own.value) if isinstance(at_s := each.get("at_s"), int | float)]
    heard = best.get(CUES.name)
    source = None if heard is None else str(heard.provenance.source)
    kept: list[dict[str, JsonValue]] = [
        {**each, "source": source}
        for each in _objects(None if heard is None else heard.value)
        if not any(abs(float(str(each.get("at_s"))) - at_s) <= SAME_CUE_S for at_s, _ in mine)
    ]
    kept += [
        {"at_s": at_s, "type": each.get("type"), "name": each.get("name"), "source": str(Source.USER)}
        for at_s, each in mine
        if each.get("present", True)
    ]
    kept.sort(key=lambda each: float(str(each["at_s"])))
    value: list[JsonValue] = [*kept]
    best[CUES.name] = Observation(CUES, value, None, own.provenance)


# --- values ----------------------------------------------------------------------------------------


def _put(best: dict[str, Observation], values: dict[Descriptor, JsonValue], by: Provenance) -> None:
    """Let these values be believed where something else was heard; None: nothing is known any more."""
    for descriptor, value in values.items():
        held = best.get(descriptor.name)
        if held is None:
            continue
        if value is None:
            del best[descriptor.name]
        else:
            best[descriptor.name] = replace(held, value=value, confidence=None, provenance=by)


def _is_heard(best: dict[str, Observation], descriptor: Descriptor) -> bool:
    held = best.get(descriptor.name)
    return held is not None and held.provenance.source is Source.ANALYZER


def _value(best: dict[str, Observation], descriptor: Descriptor) -> JsonValue:
    held = best.get(descriptor.name)
    return None if held is None else held.value


def _bpm(value: JsonValue) -> float | None:
    bpm = value.get("bpm") if isinstance(value, dict) else value
    return float(bpm) if isinstance(bpm, int | float) and not isinstance(bpm, bool) and bpm > 0 else None


def _numbers(value: JsonValue) -> list[float]:
    return [float(each) for each in value if isinstance(each, int | float)] if isinstance(value, list) else []


def _objects(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
