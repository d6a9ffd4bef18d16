"""Arrangements: pieces from the corpus' loops are rendered and heard again. Are tempo, key and bar lines those asked for?

The loops' true keys stand in the corpus' manifest, so it is also known which clips were shifted into the key. A piece
that takes loops as they come (the first of each role, stretched, not shifted) is beside it.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import Measure, mean_with_interval
from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.choose.compose import compose_arrangement
from sonoteca.arrange.request import ArrangeRequest
from sonoteca.arrange.sound.render import render_arrangement
from sonoteca.arrange.sources import find_sources
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.music import Key, KeyRelation, key_relation
from sonoteca.ingest.add import add_files
from sonoteca.ingest.inspect import InspectRequest, inspect
from sonoteca.ingest.listener import Listener
from sonoteca.ingest.requests import AddRequest

TEMPI = (84.0, 100.0, 120.0, 128.0)
KEYS = ("A minor", "F major", "E minor", "D# major")
FORM = "verse:8,chorus:8"
_HIT_S = 0.05


def run(work: Path, corpus: Path) -> list[Measure]:
    truth = json.loads((corpus / "corpus" / "manifest.json").read_text())["files"]
    found: dict[str, list[float]] = {}
    seconds = []
    with open_library(work / "loops.sonoteca", mode="create") as library, Listener() as listener:
        add_files(library, AddRequest(paths=(corpus / "corpus" / "loops",)), listener=listener)
        for seed, (bpm, key) in enumerate(product(TEMPI, KEYS)):
            wanted = Key.parse(key)
            request = ArrangeRequest(form=FORM, bpm=bpm, key=key, random_seed=seed)
            started = time.process_time()
            made = compose_arrangement(library, request)
            seconds.append(time.process_time() - started)
            for name, arrangement in (("chosen", made), ("not shifted", _not_shifted(made))):
                render_arrangement(library, arrangement, work / "mix.wav")
                [heard] = inspect(InspectRequest(paths=(work / "mix.wav",)), listener=listener)
                judged = {**_judged(heard, bpm, wanted), "clips truly in key": _truly(library, arrangement, truth)}
                for what, value in judged.items():
                    found.setdefault(f"{name}: {what}", []).append(value)
    goals = {"chosen: tempo, half or double": 1.0, "chosen: bar lines": 0.9, "chosen: key": 0.8}
    measures = [mean_with_interval(f"arrange {what}", values, goals.get(what)) for what, values in found.items()]
    return [*measures, Measure("arrange 200 loops", float(np.median(seconds)), "s", goal=2.0, lower_is_better=True)]


def _not_shifted(arrangement: Arrangement) -> Arrangement:
    """The same loops at the same tempo, each in the key it was recorded in."""
    return replace(arrangement, clips=tuple(replace(clip, semitone_shift=0) for clip in arrangement.clips))


def _judged(heard: dict[str, Any], bpm: float, key: Key) -> dict[str, float]:
    tempo = heard["tempo"]["bpm"] if heard["tempo"] else np.nan
    level = min((0.5, 1.0, 2.0), key=lambda level: abs(np.log(tempo / (bpm * level))))
    # Felt in double time, a bar is half as long; its lines are where bars and half bars begin.
    bar_s = 240.0 / (bpm * level)
    downbeats = np.array(heard["downbeats_s"] or [np.inf])
    found = Key.parse(heard["key"]["name"]) if heard["key"] else None
    relation = None if found is None else key_relation(key, found)
    off = np.abs(downbeats - bar_s * np.round(downbeats / bar_s))
    return {
        "tempo": float(abs(tempo / bpm - 1) < 0.005),
        "tempo, half or double": float(abs(tempo / (bpm * level) - 1) < 0.005),
        "bar lines": float(np.median(off) < _HIT_S),
        "key": float(relation is KeyRelation.SAME),
        "key or its relative": float(relation in (KeyRelation.SAME, KeyRelation.RELATIVE)),
    }


def _truly(library: Library, arrangement: Arrangement, truth: dict[str, Any]) -> float:
    """Share of the tonal clips whose true key, shifted, is the one asked for or its relative."""
    sources = find_sources(library, arrangement.clips)
    assert arrangement.key is not None
    right = []
    for clip in arrangement.clips:
        own = truth[f"loops/{Path(sources[clip.content_hash].shown).name}"]["key"]
        if own is not None and clip.role != "drums":
            now = Key.parse(own).transpose(clip.semitone_shift)
            right.append(key_relation(arrangement.key, now) in (KeyRelation.SAME, KeyRelation.RELATIVE))
    return float(np.mean(right))
