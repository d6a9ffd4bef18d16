"""Sounds, analyses and vectors of known content for tests of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.store import upgrade
from sonoteca.catalogue.store.library import is_url
from sonoteca.domain.audio_info import AudioInfo
from sonoteca.domain.claim import Claim
from sonoteca.domain.descriptor import DESCRIPTORS
from sonoteca.domain.embedding import Embedding, Space
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.region import Region
from sonoteca.domain.sound_analysis import Identity, RegionAnalysis, Run, SoundAnalysis
from sonoteca.domain.vocabulary import RunOutcome, Source

EAR = Identity("test.ear", 1, "")
SPACE = Space("test", 1, 4, 10.0, 5.0, "mean", "none")


def info(content_hash: str, duration_s: float = 2.0) -> AudioInfo:
    return AudioInfo(duration_s, 44_100, 2, "pcm_s16le", "wav", round(duration_s * 44_100), content_hash)


def heard(identity: Identity = EAR, **values: Any) -> tuple[Observation, ...]:
    """Statements of an analyzer: ``heard(kind="loop", tempo={"bpm": 120.0})``."""
    origin = Provenance(Source.ANALYZER, identity.producer, identity.version, identity.settings)
    return tuple(Observation(DESCRIPTORS[name], value, 0.9, origin) for name, value in values.items())


def part(
    number: int,
    start_s: float,
    end_s: float,
    observations: Sequence[Observation] = (),
    *,
    identity: Identity = EAR,
    outcome: RunOutcome = RunOutcome.DONE,
    reason: str = "",
) -> RegionAnalysis:
    run = Run(identity.producer, identity.version, identity.settings, outcome, reason, 0.01)
    return RegionAnalysis(Region(number, start_s, end_s), tuple(observations), (run,))


def vectors(*per_region: Sequence[float]) -> list[list[Embedding]]:
    return [
        [Embedding(np.asarray(vector, dtype=np.float32), SPACE.id, 0.0, 2.0, is_window=False)] if len(vector) else []
        for vector in per_region
    ]


def add(
    connection: Connection,
    path: str,
    content_hash: str,
    *,
    claims: Iterable[Claim] = (),
    duration_s: float = 2.0,
    **values: Any,
) -> int:
    """A file below /music with an analysed whole sound; returns the sound's row number."""
    place = ensure_root(connection, "/music")
    seen = SeenFile(path.encode(), 1000, 1)
    [recorded] = record_files(connection, place.root, [(seen, content_hash)])
    analysis = SoundAnalysis((part(0, 0.0, duration_s, heard(**values)),))
    result = SoundResult(recorded.sound_id, info(content_hash, duration_s), analysis, tuple(claims))
    store_results(connection, [result], identities=[EAR])
    return recorded.sound_id


def plain_engine(location: Path | str) -> sa.Engine:
    """An engine on a library of any revision, as nothing of today's opens it."""
    url = sa.make_url(str(location)) if is_url(location) else sa.URL.create("sqlite", database=str(location))
    return sa.create_engine(url.set(drivername="postgresql+psycopg") if is_url(location) else url)


def library_of_revision(location: Path | str, revision: str) -> None:
    """An empty library as the migrations up to ``revision`` made it, in a file or at a ``postgresql://`` URL."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", upgrade.MIGRATIONS)
    scripts = ScriptDirectory.from_config(config)
    engine = plain_engine(location)
    with (
        engine.begin() as connection,
        EnvironmentContext(config, scripts, fn=lambda at, _: scripts._upgrade_revs(revision, at)) as environment,
    ):
        environment.configure(connection=connection, render_as_batch=True)
        environment.run_migrations()
    engine.dispose()
