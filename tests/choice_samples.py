"""A library of bass loops, and somebody who takes what is as loud as the query."""

from __future__ import annotations

import numpy as np
from sqlalchemy.engine import Connection

import catalogue_samples as samples
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.beat_profile import N_NOTES, N_ONSETS, BeatProfile
from sonoteca.domain.names import public_id
from sonoteca.domain.vocabulary import Role
from sonoteca.match.choices import Choice

N_QUERIES, N_CANDIDATES = 12, 8


def bass_line(connection: Connection, name: str, *, energy: int, seed: int) -> str:
    """A bass loop of four bars, its energy as told; returns its public id."""
    random = np.random.default_rng(seed)
    notes, onsets = random.uniform(0, 1, (16, N_NOTES)), random.uniform(0, 2, (16, N_ONSETS))
    profile = BeatProfile(0.0, 0.5, 4, True, notes.astype(np.float32), onsets.astype(np.float32))
    scores = {role.value: 0.9 if role is Role.BASS else 0.0 for role in Role}
    samples.add(
        connection,
        f"{name}.wav",
        f"x1:{name}",
        duration_s=8.0,
        kind="loop",
        role={"value": "bass", "scores": scores},
        tempo={"bpm": 120.0, "alternatives_bpm": []},
        key={"tonic": int(random.integers(12)), "mode": "minor", "alternatives": []},
        chroma=[float(each) for each in random.dirichlet(np.ones(12))],
        loudness={"integrated_lufs": -12.0, "range_lu": 3.0, "true_peak_dbtp": -1.0},
        energy_level=energy,
        beat_profile=profile.as_json(),
    )
    return public_id(f"x1:{name}")


def fill(library: Library) -> None:
    """Queries of middle energy; candidates that are loud and as quiet as the queries, in turn."""
    with library.write() as connection:
        for number in range(N_QUERIES):
            bass_line(connection, f"query{number}", energy=5, seed=number)
        for number in range(N_CANDIDATES):
            bass_line(connection, f"candidate{number}", energy=5 if number % 2 else 10, seed=100 + number)


def all_pairs() -> list[Choice]:
    """Somebody who takes what is as loud as the query, whatever else."""
    return [
        Choice(public_id(f"x1:query{query}"), public_id(f"x1:candidate{each}"), bool(each % 2))
        for query in range(N_QUERIES)
        for each in range(N_CANDIDATES)
    ]
