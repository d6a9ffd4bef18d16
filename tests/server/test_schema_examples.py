"""What the OpenAPI document allows, and what it does not, is drawn by schemathesis: every answer is one that the document tells."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from server_samples import ONE, URL, asking
from sonoteca.catalogue.store.library import open_library
from sonoteca.settings import ServerSettings

pytestmark = pytest.mark.slow

# Of each operation so many requests as they should be, and as many that are wrong in a place.
EXAMPLES = 6
# Streams that end with the server.
ENDLESS = ("/api/jobs/events",)
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Of other things than sounds no id is there.
OTHER_IDS = ("/api/jobs", "/arrangements")


@pytest.fixture(scope="module")
def asked(sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server whose jobs nobody does, and that may be asked as often as examples are drawn."""
    path = shutil.copy(sample_file, tmp_path_factory.mktemp("drawn") / "mine.sonoteca")
    as_often = ServerSettings(run_queue=False, requests_per_minute=10**6)
    with open_library(path) as library, asking(library, as_often) as client:
        yield client


def test_every_answer_is_one_that_the_document_tells(asked: TestClient) -> None:
    schema = schemathesis.openapi.from_dict(asked.get("/openapi.json").json(), config=SchemathesisConfig(seed=1))
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
    # Nothing is taken away before all was read.
    operations.sort(key=lambda operation: ("get", "put", "post", "patch", "delete").index(operation.method))
    statuses: dict[str, set[int]] = {}
    for operation in operations:
        if operation.path in ENDLESS:
            continue
        for mode in GenerationMode:
            told = statuses.setdefault(f"{operation.label} {mode.value}", set())
            try:
                draw(asked, operation, mode, told)
            except Unsatisfiable:
                # It has nothing that could be wrong.
                assert mode is GenerationMode.NEGATIVE, operation.label
    assert len(statuses) > 120
    # Not only refusals were looked at.
    answered = [name for name, told in statuses.items() if name.endswith("positive") and told & {200, 201, 202}]
    assert len(answered) > 25, statuses


def draw(asked: TestClient, operation: Any, mode: GenerationMode, told: set[int]) -> None:
    """Ask one operation with what is drawn; adds the statuses that came to ``told``."""
    names_sound = "{id}" in operation.path and not operation.path.startswith(OTHER_IDS)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if names_sound and mode is GenerationMode.POSITIVE:
            # A sound that is there: nobody would draw its id.
            case.path_parameters["id"] = ONE
        sent: Any = requests.Request(**case.as_transport_kwargs(URL)).prepare()
        answer = asked.request(sent.method, sent.url, content=sent.body, headers=dict(sent.headers))
        told.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code < 500 or answer.status_code in (501, 503), answer.text

    ask()
