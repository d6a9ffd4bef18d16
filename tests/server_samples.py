"""The small library that tests of the server ask, and how they ask it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.testclient import TestClient

import catalogue_samples as samples
from query_samples import fill
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.names import public_id
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.ingest.listener import Listener
from sonoteca.jobs.queue_settings import QueueSettings
from sonoteca.server.app import create_app
from sonoteca.settings import ServerSettings
from sonoteca.workers.in_process import InProcessExecutor

URL = "http://127.0.0.1"
# An application that ends looks once more first, and hundreds begin and end in the tests.
OFTEN = QueueSettings(look_every_s=0.05)
NEAR: dict[str, list[float]] = {"one": [1, 0, 0, 0], "two": [0.9, 0.1, 0, 0], "three": [0, 0, 1, 0]}
ONE, TWO, THREE = (public_id(f"x1:{name}") for name in NEAR)


def make_library(path: Path) -> None:
    """Twenty sounds that have something for every field, and three with vectors."""
    with open_library(path, mode="create") as opened, opened.write() as connection:
        fill(connection)
        # Of other lengths: none is another's copy.
        for seconds, (name, vector) in enumerate(NEAR.items(), 2):
            content_hash = f"x1:{name}"
            sound_id = samples.add(connection, f"{name}.wav", content_hash, duration_s=seconds, kind="one_shot")
            analysis = SoundAnalysis((samples.part(0, 0.0, seconds, samples.heard(kind="one_shot")),))
            vectors = {samples.SPACE.id: samples.vectors(vector)}
            result = SoundResult(sound_id, samples.info(content_hash, seconds), analysis, (), vectors)
            store_results(connection, [result], identities=[samples.EAR], spaces=[samples.SPACE])


@contextmanager
def asking(
    library: Library, settings: ServerSettings | None = None, listener: Listener | None = None
) -> Iterator[TestClient]:
    """A client of an application over ``library``; errors of the application are answers, as over a network."""
    with Listener(executor=InProcessExecutor()) as own:
        app = create_app(library, listener or own, settings or ServerSettings(), queue=OFTEN)
        with TestClient(app, base_url=URL, raise_server_exceptions=False) as client:
            yield client
