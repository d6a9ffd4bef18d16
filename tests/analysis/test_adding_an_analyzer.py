"""The code in docs/adding-an-analyzer.md is run as it stands there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import synth
from sonoteca.analysis.builtin import builtin_analyzers
from sonoteca.audio.memory import MemoryRecording
from sonoteca.domain.region import Region
from sonoteca.domain.vocabulary import RunOutcome
from sonoteca.embedding.spans import batches_for, embeddings_of

PAGE = Path(__file__).parents[2] / "docs" / "adding-an-analyzer.md"


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    text = PAGE.read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "page"}
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", text, re.DOTALL)):
        exec(compile(block, f"{PAGE.name}, block {number}", "exec", dont_inherit=True), names)
    return names


def test_its_own_tests_pass(page: dict[str, Any]) -> None:
    tests = [value for name, value in page.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_it_runs_beside_the_shipped_ones(page: dict[str, Any]) -> None:
    sound = synth.bursts((0.25, 0.75, 1.25, 1.75), duration_s=2.0)
    whole = synth.analyze(sound, [*builtin_analyzers(), *page["analyzers"]()]).whole
    (run,) = [run for run in whole.runs if run.producer == "example.burst_density.energy"]
    assert run.outcome is RunOutcome.DONE
    assert {found.descriptor.name: found.value for found in whole.observations}["burst_density"] == 2.0


def test_blocks_join_without_a_seam(page: dict[str, Any]) -> None:
    # A burst on the border of two blocks (11.9 s) is one burst.
    sound = synth.bursts((2.0, 11.888, 20.0), duration_s=24.0)
    view = synth.whole(sound, page["BurstDensity"].features)
    (density,) = page["BurstDensity"]().analyze(view, {})
    assert density.value == 3 / 24.0


def test_its_embedder_tells_a_fade_in_from_a_fade_out(page: dict[str, Any]) -> None:
    levels = page["ThreeLevels"]()
    source = MemoryRecording.from_samples(synth.envelope(synth.sine(440.0, 3.0), attack_s=3.0), rates=(48_000,))
    region = Region(0, 0.0, 3.0)
    ((span,),) = batches_for(levels, source, {}, [region])
    (vector,) = levels.embed([span])
    ((whole,),) = embeddings_of(levels.space, [region], [(span, vector)])
    assert list(whole.vector) == sorted(whole.vector)
    assert levels.embed([replace(span, signal=synth.silence(1.0))]) == [None]
