"""Tracks of known tempo, key and energy, as columns and as a catalogue."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from catalogue_samples import EAR, heard, info, part
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.domain.claim import Claim
from sonoteca.domain.embedding import Embedding, Space, SpacePart
from sonoteca.domain.music import Key
from sonoteca.domain.names import public_id
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.sequence.energy_plan import EnergyPlan
from sonoteca.sequence.set_problem import SetProblem
from sonoteca.sequence.tracks import NO_ARTIST, NO_KEY, Tracks, unit_rows
from sonoteca.sequence.transition import TransitionStyle
from sonoteca.sequence.weights import Weights, default_weights

# What tells recordings apart that are alike in all else: so many numbers behind timbre and rhythm.
_VOICE = 64
SPACE = Space("test", 1, 6 + _VOICE, 10.0, 5.0, "mean", "none", (SpacePart("timbre", 0, 4), SpacePart("rhythm", 4, 6)))


@dataclass(frozen=True)
class Made:
    """A track as a test wants it; None is unknown. ``energy`` is the level 1..10.

    Tracks of one ``recording`` are one, encoded again; without one each is its own.
    """

    bpm: float | None = 120.0
    key: str | None = "8A"
    energy: float | None = 5.5
    artist: str | None = None
    end_bpm: float | None = None
    end_key: str | None = None
    tuning: float | None = 0.0
    confidence: float = 1.0
    beats_per_bar: int | None = 4
    density: float | None = 3.0
    seconds: float = 200.0
    sound: Sequence[float] = (1.0, 0.0, 0.0, 0.0)
    groove: Sequence[float] = (1.0, 0.0)
    end_sound: Sequence[float] | None = None
    values: dict[str, JsonValue] = field(default_factory=dict)
    recording: str | None = None


def _whole(made: Made, name: str) -> list[float]:
    """The vector of a whole track: a little of it is that of its recording alone."""
    voice = np.random.default_rng(zlib.crc32((made.recording or name).encode())).standard_normal(_VOICE)
    heard = np.array([*made.sound, *made.groove])
    return [*heard, *(0.3 * np.linalg.norm(heard) * voice / np.linalg.norm(voice))]


def columns(*made: Made) -> Tracks:
    """Columns of these tracks, in this order; the edges are those of the whole unless said otherwise."""
    artists = {name: number for number, name in enumerate(dict.fromkeys(each.artist for each in made if each.artist))}

    def floats(values: Sequence[float | None]) -> Any:
        return np.array([np.nan if value is None else value for value in values], np.float32)

    def keys(names: Sequence[str | None]) -> Any:
        return np.array([NO_KEY if name is None else Key.parse(name).number for name in names], np.int8)

    def rows(vectors: Sequence[Sequence[float]]) -> Any:
        return unit_rows(np.array(vectors, np.float32))

    level = floats([None if each.energy is None else (each.energy - 1.0) / 9.0 for each in made])
    return Tracks(
        region_ids=np.arange(len(made), dtype=np.int64) + 100,
        sound_ids=np.arange(len(made), dtype=np.int64) + 10,
        ids=np.array([f"id{number:03d}" for number in range(len(made))]),
        content_hashes=np.array([f"x1:{number:03d}" for number in range(len(made))]),
        duration_s=floats([each.seconds for each in made]),
        artist=np.array([artists.get(each.artist or "", NO_ARTIST) for each in made], np.int32),
        tempo_start=floats([None if each.bpm is None else math.log2(each.bpm) for each in made]),
        tempo_end=floats([None if each.bpm is None else math.log2(each.end_bpm or each.bpm) for each in made]),
        key_start=keys([each.key for each in made]),
        key_end=keys([each.end_key or each.key for each in made]),
        key_confidence=floats([each.confidence for each in made]),
        tuning_cents=floats([each.tuning for each in made]),
        level=level,
        energy_start=level,
        energy_end=level,
        beats_per_bar=floats([each.beats_per_bar for each in made]),
        onset_density=floats([each.density for each in made]),
        timbre_start=rows([each.sound for each in made]),
        timbre_end=rows([each.end_sound or each.sound for each in made]),
        rhythm_start=rows([each.groove for each in made]),
        rhythm_end=rows([each.groove for each in made]),
        whole=rows([_whole(each, str(number)) for number, each in enumerate(made)]),
    )


@st.composite
def made_tracks(draw: st.DrawFn) -> Made:
    """Any track, with anything unknown."""
    number = st.floats(-1.0, 1.0, width=32)
    return Made(
        bpm=draw(st.none() | st.floats(40.0, 220.0)),
        key=draw(st.none() | st.sampled_from([f"{step}{letter}" for step in range(1, 13) for letter in "AB"])),
        energy=draw(st.none() | st.floats(1.0, 10.0)),
        artist=draw(st.none() | st.sampled_from("abcd")),
        tuning=draw(st.none() | st.floats(-50.0, 50.0)),
        confidence=draw(st.floats(0.0, 1.0)),
        beats_per_bar=draw(st.none() | st.integers(2, 7)),
        density=draw(st.none() | st.floats(0.0, 20.0)),
        seconds=draw(st.floats(60.0, 600.0)),
        sound=draw(st.tuples(number, number, number, number)),
        groove=draw(st.tuples(number, number)),
    )


def problem(
    tracks: Tracks,
    n_tracks: int | None = None,
    *,
    duration_s: float | None = None,
    locked: dict[int, int] | None = None,
    last: int | None = None,
    musts: Sequence[int] = (),
    plan: EnergyPlan | None = None,
    weights: Weights | None = None,
    widest_pct: float | None = None,
) -> SetProblem:
    """A set over all of these tracks."""
    return SetProblem(
        tracks=tracks,
        choosable=np.ones(len(tracks), bool),
        n_tracks=n_tracks,
        duration_s=duration_s,
        locked=locked or {},
        last=last,
        musts=tuple(musts),
        plan=plan,
        weights=weights or default_weights(),
        style=TransitionStyle(),
        widest_pct=widest_pct,
        preference=np.zeros(len(tracks), np.float32),
    )


def store(
    connection: Connection, made: dict[str, Made], *, folder: str = "/music", kind: str = "track"
) -> dict[str, str]:
    """Put tracks into a library under these file names; returns the public id per name."""
    place = ensure_root(connection, folder)
    hashes = {name: f"x1:{name}" for name in made}
    seen = [(SeenFile(f"{name}.wav".encode(), 1000, 1), hashes[name]) for name in made]
    results = []
    for name, recorded in zip(made, record_files(connection, place.root, seen), strict=True):
        each = made[name]
        claims = [Claim("title", name, "tags")] + ([Claim("artist", each.artist, "tags")] if each.artist else [])
        analysis = SoundAnalysis((part(0, 0.0, each.seconds, heard(**_values(each, kind))),))
        results.append(
            SoundResult(
                recorded.sound_id,
                info(hashes[name], each.seconds),
                analysis,
                tuple(claims),
                {SPACE.id: [_vectors(each, name)]},
            )
        )
    store_results(connection, results, identities=[EAR], spaces=[SPACE])
    return {name: public_id(content_hash) for name, content_hash in hashes.items()}


def _values(made: Made, kind: str) -> dict[str, Any]:
    values: dict[str, JsonValue] = {"kind": kind}
    if made.bpm is not None:
        values["tempo"] = {"bpm": made.bpm, "alternatives_bpm": []}
        if made.end_bpm is not None:
            points = np.linspace(made.bpm, made.end_bpm, 5).tolist()
            values["tempo_curve"] = [{"at_s": made.seconds * at / 4, "bpm": bpm} for at, bpm in enumerate(points)]
    if made.key is not None:
        key = Key.parse(made.key)
        values["key"] = {"tonic": key.tonic, "mode": key.mode, "alternatives": []}
        last = Key.parse(made.end_key or made.key)
        half = made.seconds / 2
        values["key_segments"] = [
            {"start_s": 0.0, "end_s": half, "name": key.name},
            {"start_s": half, "end_s": made.seconds, "name": last.name},
        ]
    if made.energy is not None:
        values["energy_level"] = made.energy
        values["energy_curve"] = [1.0] * round(made.seconds)
    if made.tuning is not None:
        values["tuning_cents"] = made.tuning
    if made.beats_per_bar is not None:
        values["meter"] = {"beats_per_bar": made.beats_per_bar, "beat_unit": 4}
    if made.density is not None:
        values["onset_density"] = made.density
    return values | made.values


def _vectors(made: Made, name: str) -> list[Embedding]:
    def embedding(vector: Sequence[float], start_s: float, end_s: float, *, is_window: bool) -> Embedding:
        row = np.array(vector, np.float32)
        return Embedding(row / np.linalg.norm(row), SPACE.id, start_s, end_s, is_window)

    windows = [(at, at + 10.0) for at in np.arange(0.0, made.seconds - 9.999, 5.0).tolist()]
    end, silent = made.end_sound or made.sound, [0.0] * _VOICE
    return [
        embedding(_whole(made, name), 0.0, made.seconds, is_window=False),
        *(
            embedding(
                [*(made.sound if start_s < made.seconds / 2 else end), *made.groove, *silent],
                start_s,
                end_s,
                is_window=True,
            )
            for start_s, end_s in windows
        ),
    ]
