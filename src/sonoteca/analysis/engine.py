"""The engine runs analyzers over one sound in the order of what they need; a failing one stops no other.

1. The whole sound (region 0): the kind first, for kind decides which analyzers run.
2. Event regions, found between silences; each is a small sound of its own and gets its own kind.
3. Every analyzer leaves a ``Run`` per region, also when it had nothing to say: the catalogue
   knows from it what has been done. *Skipped* means that something it needs failed.

Several analyzers may produce one descriptor: all run, all they say is kept, and the one given
first is preferred. An analyzer may name others it stands in for in a class attribute ``replaces``
(a tuple of ids): they are then not run.
An analyzer with parameters tells them in an attribute ``settings`` (a string or a mapping
of JSON values), one with learned weights in ``model_files`` (names of the manifest of
``models``); their digest goes into provenance and makes another run identity.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sonoteca.analysis import regions as region_finder
from sonoteca.analysis.analyzer import Analyzer, Known, RegionView
from sonoteca.audio.recording import Recording
from sonoteca.domain.descriptor import KIND, Descriptor
from sonoteca.domain.file_analysis import DEFAULT_GAP_S, DEFAULT_MIN_REGION_S
from sonoteca.domain.observation import JsonValue, Observation, Provenance
from sonoteca.domain.precedence import winning
from sonoteca.domain.region import Region
from sonoteca.domain.sound_analysis import REGION_PRODUCER, REGION_VERSION, Identity, RegionAnalysis, Run, SoundAnalysis
from sonoteca.domain.vocabulary import Kind, RunOutcome, Source
from sonoteca.errors import WeightsDamaged
from sonoteca.features.feature import Feature
from sonoteca.features.frame_series import FrameSeries
from sonoteca.models.files import check_weights, manifest


class AnalyzerSetInvalid(ValueError):
    """The analyzers cannot run together: a cycle, or an id used twice."""


def declared_features(analyzers: Iterable[Analyzer]) -> tuple[Feature, ...]:
    """All features the engine and these analyzers need, each once."""
    return tuple(
        dict.fromkeys([region_finder.FEATURE, *(feature for analyzer in analyzers for feature in analyzer.features)])
    )


def settings_digest(analyzer: Analyzer) -> str:
    """16 hex digits over the analyzer's ``settings`` and the weights it uses; "" for one that has neither."""
    settings, used = getattr(analyzer, "settings", None), model_files(analyzer)
    if not used:
        return "" if not settings else _digest(settings)
    return _digest({"settings": settings or "", "weights": {name: manifest()[name].sha256 for name in used}})


def model_files(analyzer: Analyzer) -> tuple[str, ...]:
    """Files of weights that the analyzer uses, as ``models/weights/MANIFEST.toml`` lists them."""
    return tuple(getattr(analyzer, "model_files", ()))


def identities(
    analyzers: Iterable[Analyzer],
    *,
    gap_s: float = DEFAULT_GAP_S,
    min_region_s: float = DEFAULT_MIN_REGION_S,
) -> tuple[Identity, ...]:
    """What today's runs on region 0 are called, the region finder's first.

    Raises
    ------
    AnalyzerSetInvalid
        If the analyzers cannot run together.
    WeightsDamaged
        If a file of weights is not the one listed: its answers would carry a wrong identity.
    """
    plan = ordered(analyzers)
    check_weights([name for analyzer in plan for name in model_files(analyzer)])
    own = [_identity(analyzer) for analyzer in plan]
    return (_region_identity(gap_s, min_region_s), *own)


def ordered(analyzers: Iterable[Analyzer]) -> tuple[Analyzer, ...]:
    """The analyzers such that each comes after the preferred producer of what it requires; kind first.

    Those that do not depend on each other keep the order given, so runs are reproducible.

    Raises
    ------
    AnalyzerSetInvalid
        If ids repeat, or requirements form a cycle.
    """
    chosen = _without_replaced(tuple(analyzers))
    producer_of = {descriptor: producers[0] for descriptor, producers in _producers(chosen).items()}
    state: dict[str, bool] = {}  # id -> finished
    result: list[Analyzer] = []

    def place(analyzer: Analyzer, path: tuple[str, ...]) -> None:
        if state.get(analyzer.id):
            return
        if analyzer.id in state:
            cycle = " -> ".join((*path[path.index(analyzer.id) :], analyzer.id))
            raise AnalyzerSetInvalid(f"analyzers require each other in a circle: {cycle}")
        state[analyzer.id] = False
        for descriptor in analyzer.requires:
            if descriptor in producer_of and producer_of[descriptor] is not analyzer:
                place(producer_of[descriptor], (*path, analyzer.id))
        state[analyzer.id] = True
        result.append(analyzer)

    for analyzer in sorted(chosen, key=lambda analyzer: KIND not in analyzer.produces):
        place(analyzer, ())
    return tuple(result)


def _without_replaced(analyzers: tuple[Analyzer, ...]) -> tuple[Analyzer, ...]:
    ids = [analyzer.id for analyzer in analyzers]
    for repeated in {name for name in ids if ids.count(name) > 1}:
        raise AnalyzerSetInvalid(f"two analyzers are called {repeated!r}")
    replaced = {name for analyzer in analyzers for name in getattr(analyzer, "replaces", ())}
    return tuple(analyzer for analyzer in analyzers if analyzer.id not in replaced)


def _producers(analyzers: Sequence[Analyzer]) -> dict[Descriptor, list[Analyzer]]:
    """Per descriptor who produces it, the preferred one first."""
    producers: dict[Descriptor, list[Analyzer]] = {}
    for analyzer in analyzers:
        for descriptor in analyzer.produces:
            producers.setdefault(descriptor, []).append(analyzer)
    return producers


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """The analyzers in the order in which they run, their identities by id, and their place among the producers.

    ``preferences`` holds that place per id and descriptor: 0 is preferred.
    """

    analyzers: tuple[Analyzer, ...]
    identities: Mapping[str, Identity]
    preferences: Mapping[tuple[str, Descriptor], int]


def _plan(analyzers: Iterable[Analyzer]) -> _Plan:
    given = tuple(analyzers)
    preferences = {
        (producer.id, descriptor): place
        for descriptor, producers in _producers(_without_replaced(given)).items()
        for place, producer in enumerate(producers)
    }
    plan = ordered(given)
    return _Plan(plan, {analyzer.id: _identity(analyzer) for analyzer in plan}, preferences)


def _identity(analyzer: Analyzer) -> Identity:
    return Identity(analyzer.id, analyzer.version, settings_digest(analyzer))


def analyze_recording(
    recording: Recording,
    features: Mapping[Feature, FrameSeries],
    analyzers: Iterable[Analyzer],
    *,
    gap_s: float = DEFAULT_GAP_S,
    min_region_s: float = DEFAULT_MIN_REGION_S,
    known_values: Known | None = None,
) -> SoundAnalysis:
    """Run ``analyzers`` on the whole sound and on each of its event regions.

    Parameters
    ----------
    recording : Recording
        The decoded sound.
    features : mapping of Feature to FrameSeries
        At least ``declared_features(analyzers)``, over the whole sound.
    analyzers : iterable of Analyzer
        In any order.
    gap_s, min_region_s : float [s]
        As for ``regions.find_regions``.
    known_values : mapping of Descriptor to Observation, optional
        What a user or a file states about the whole sound. It beats what analyzers find
        where ``domain.precedence`` says so: a stated kind decides what runs, a stated tempo
        is handed to those that require one.

    Returns
    -------
    SoundAnalysis
        Picklable. Observations hold only what analyzers found, not ``known_values``.

    Raises
    ------
    AnalyzerSetInvalid
        If the analyzers cannot run together. A failing analyzer does not raise: it is a failed run.
    """
    plan = _plan(analyzers)
    stated: Known = known_values or {}
    whole_region = Region(0, 0.0, recording.info.duration_s)
    whole = _analyze_region(RegionView(whole_region, recording, features), plan, stated)
    started = time.perf_counter()
    split = region_finder.find_regions(
        recording,
        features[region_finder.FEATURE].in_memory(),
        kind=_kind(whole.observations, stated),
        gap_s=gap_s,
        min_region_s=min_region_s,
    )
    identity = _region_identity(gap_s, min_region_s)
    finder_run = Run(
        identity.producer,
        identity.version,
        identity.settings,
        RunOutcome.DONE,
        split.note,
        time.perf_counter() - started,
    )
    whole = replace(whole, runs=(finder_run, *whole.runs))
    events = tuple(_analyze_region(RegionView(region, recording, features), plan, {}) for region in split.regions)
    warnings = (split.note,) if split.regions and split.note else ()
    return SoundAnalysis((whole, *events), warnings)


def _analyze_region(view: RegionView, plan: _Plan, stated: Known) -> RegionAnalysis:
    everything: list[Observation] = []
    # What is believed so far: of several producers, what the preferred one of those that spoke said.
    found: dict[Descriptor, Observation] = {}
    # Descriptors nobody can supply here, and why.
    missing: dict[Descriptor, str] = {}
    runs: list[Run] = []
    producible = {descriptor for analyzer in plan.analyzers for descriptor in analyzer.produces}
    for analyzer in plan.analyzers:
        kind = _kind(found.values(), stated)
        started = time.perf_counter()
        outcome, reason = RunOutcome.DONE, ""
        observations: tuple[Observation, ...] = ()
        lacks = [
            d for d in analyzer.requires if d not in stated and d not in found and (d in missing or d not in producible)
        ]
        if kind is not None and kind not in analyzer.kinds:
            reason = f"not for a {kind.value}"
        elif lacks:
            outcome = RunOutcome.SKIPPED
            reason = f"needs {lacks[0].name}: {missing.get(lacks[0], 'no analyzer produces it')}"
        else:
            try:
                said = analyzer.analyze(view, _known_to(analyzer, found, stated))
                observations = _validated(analyzer, said, plan)
            except (MemoryError, WeightsDamaged):
                # The worker's limit and a broken installation are not the analyzer's fault.
                raise
            except Exception as error:
                outcome = RunOutcome.FAILED
                reason = f"{type(error).__name__}: {error}"[:500]
        if outcome is not RunOutcome.DONE:
            missing |= dict.fromkeys(analyzer.produces, f"{analyzer.id} {outcome.value} ({reason})")
        everything += observations
        for observation in observations:
            held = found.get(observation.descriptor)
            if held is None or observation.provenance.preference < held.provenance.preference:
                found[observation.descriptor] = observation
        elapsed_s = time.perf_counter() - started
        settings = plan.identities[analyzer.id].settings
        runs.append(Run(analyzer.id, analyzer.version, settings, outcome, reason, elapsed_s))
    return RegionAnalysis(view.region, tuple(everything), tuple(runs))


def _known_to(analyzer: Analyzer, found: Known, stated: Known) -> Known:
    known = {}
    for descriptor in analyzer.requires:
        candidates = [held[descriptor] for held in (stated, found) if descriptor in held]
        # A user may state that there is none (value null): then it is not handed on.
        if candidates and (best := winning(candidates)[descriptor.name]).value is not None:
            known[descriptor] = best
    return known


def _kind(found: Iterable[Observation], stated: Known) -> Kind | None:
    statements = [observation for observation in (*stated.values(), *found) if observation.descriptor == KIND]
    best = winning(statements).get(KIND.name)
    return None if best is None or best.value is None else Kind(str(best.value))


def _validated(analyzer: Analyzer, observations: Iterable[Observation], plan: _Plan) -> tuple[Observation, ...]:
    """The observations with full provenance; ValueError for one that breaks the contract."""
    checked: dict[Descriptor, Observation] = {}
    for observation in observations:
        descriptor = observation.descriptor
        if descriptor not in analyzer.produces:
            raise ValueError(f"{analyzer.id} stated {descriptor.name!r}, which it does not declare in `produces`")
        if descriptor in checked:
            raise ValueError(f"{analyzer.id} stated {descriptor.name!r} twice")
        if observation.value is None:
            raise ValueError(f"{analyzer.id} stated {descriptor.name!r} as null: what is not known is not stated")
        _check_json(observation.value, descriptor.name)
        _check_range(observation.value, descriptor)
        if observation.confidence is not None and not math.isfinite(observation.confidence):
            raise ValueError(f"confidence of {descriptor.name!r} is {observation.confidence}")
        confidence = None if observation.confidence is None else float(observation.confidence)
        checked[descriptor] = replace(
            observation, confidence=confidence, provenance=_provenance(analyzer, descriptor, plan)
        )
    return tuple(checked.values())


def _provenance(analyzer: Analyzer, descriptor: Descriptor, plan: _Plan) -> Provenance:
    settings, preference = plan.identities[analyzer.id].settings, plan.preferences[analyzer.id, descriptor]
    return Provenance(Source.ANALYZER, analyzer.id, analyzer.version, settings, preference=preference)


def _check_json(value: JsonValue, where: str) -> None:
    """ValueError unless ``value`` is plain JSON with finite numbers (NumPy scalars are not JSON)."""
    if value is None or isinstance(value, bool | int | str):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} is not finite: {value}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _check_json(item, f"{where}[{number}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{where} has the key {key!r}, which is no string")
            _check_json(item, f"{where}.{key}")
    else:
        raise ValueError(f"{where} is not JSON: {type(value).__name__} {value!r}")


def _check_range(value: JsonValue, descriptor: Descriptor) -> None:
    for number in value if isinstance(value, list) else [value]:
        if isinstance(number, bool) or not isinstance(number, int | float):
            continue
        if (descriptor.low is not None and number < descriptor.low) or (
            descriptor.high is not None and number > descriptor.high
        ):
            raise ValueError(f"{descriptor.name} is {number}, outside {descriptor.low}..{descriptor.high}")


def _region_identity(gap_s: float, min_region_s: float) -> Identity:
    settings = _digest({"gap_s": float(gap_s), "min_region_s": float(min_region_s)})
    return Identity(REGION_PRODUCER, REGION_VERSION, settings)


def _digest(settings: object) -> str:
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
