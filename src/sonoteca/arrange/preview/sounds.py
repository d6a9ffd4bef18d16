"""A sound to preview is one of the library, or a file that a listener hears."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoteca.arrange.arrangement import Clip
from sonoteca.arrange.choose.loops import find_loops
from sonoteca.arrange.gain import clip_gain_db
from sonoteca.arrange.sources import find_sources
from sonoteca.catalogue.described import stored_sound_object
from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.claim import claimed_observations
from sonoteca.domain.names import public_id
from sonoteca.domain.sound_object import AudioFacts, sound_object, statements_of
from sonoteca.domain.vocabulary import Role, Source
from sonoteca.errors import RequestError, SoundNotFound, SoundsMissing
from sonoteca.match.asked_region import region_numbered
from sonoteca.match.file_regions import regions_of_file
from sonoteca.match.load_regions import regions_of_sound
from sonoteca.match.region_table import ROLES, RegionTable

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

DEFAULT_BEATS_PER_BAR = 4


@dataclass(frozen=True, slots=True, eq=False)
class PreviewSound:
    """A sound with what is known of it.

    ``facts`` is the sound object (``domain.sound_object``), ``regions`` the region table of what is heard of it
    (n = 1). Of a part, the facts are those of the part.
    """

    name: str
    path: Path
    facts: Mapping[str, Any]
    regions: RegionTable

    @property
    def content_hash(self) -> str:
        return str(self.facts["audio"]["content_hash"])

    @property
    def duration_s(self) -> float:
        return float(self.facts["audio"]["duration_s"])

    @property
    def start_s(self) -> float:
        """Where in its file begins what is heard."""
        return float(self.regions.start_s[0])

    @property
    def end_s(self) -> float:
        """Where in its file ends what is heard."""
        return float(self.regions.end_s[0])

    @property
    def kind(self) -> str | None:
        kind = self.facts["kind"]
        return None if kind is None else str(kind["value"])

    @property
    def tempo_bpm(self) -> float | None:
        tempo = self.facts["tempo"]
        return None if tempo is None else float(tempo["bpm"])

    @property
    def beats_per_bar(self) -> int:
        meter = self.facts["meter"]
        return DEFAULT_BEATS_PER_BAR if meter is None else int(meter["beats_per_bar"])

    @property
    def downbeats_s(self) -> list[float]:
        return [float(each) for each in self.facts["downbeats_s"]]

    @property
    def beats_s(self) -> list[float]:
        return [float(each) for each in self.facts["beats_s"]]

    @property
    def role(self) -> str:
        """Tell what it is in a mix: its most probable role, ``mix`` where none is known."""
        best = int(self.regions.best_roles()[0])
        return str(ROLES[best]) if best >= 0 else str(Role.MIX)

    def cue_s(self, wanted: str) -> float | None:
        """Find where the first cue of a type stands, a person's before one that was heard."""
        found = [cue for cue in self.facts["cues"] if cue["type"] == wanted]
        found.sort(key=lambda cue: cue["source"] != Source.USER)
        return float(found[0]["at_s"]) if found else None

    def gain_db(self, role: str) -> float:
        """Compute the gain that brings it to the loudness of a role."""
        loudness = self.facts["loudness"] or {}
        return clip_gain_db(role, loudness.get("integrated_lufs"), loudness.get("true_peak_dbtp"))

    def bar_span(self, bars: int) -> tuple[float, float, float | None, int]:
        """Find what of it stands on bars: start and end in seconds, its tempo there, and its beats per bar.

        Of a loop the part between bar lines; of another sound ``bars`` from its first downbeat on,
        or as long as those of 2 seconds would be where no tempo is known.
        """
        loops = find_loops(self.regions)
        if len(loops):
            tempo = float(loops.tempo_bpm[0])
            return float(loops.start_s[0]), float(loops.end_s[0]), tempo, int(loops.beats_per_bar[0])
        tempo_bpm, beats = self.tempo_bpm, self.beats_per_bar
        start_s = (self.downbeats_s or [self.start_s])[0]
        bar_s = 2.0 if tempo_bpm is None else 60.0 * beats / tempo_bpm
        return start_s, min(self.end_s, start_s + bars * bar_s), tempo_bpm, beats


def load_preview_sound(
    library: Library, name: str, *, region: int = 0, listener: Listener | None = None, may_be_file: bool = True
) -> PreviewSound:
    """Load a sound of the library by any of its names, else a file, which a listener hears.

    Parameters
    ----------
    region : int >= 0
        Which of its regions is heard; 0 is the whole.
    listener : Listener, optional
        Its workers hear a file, and read one that was changed since the library saw it.
    may_be_file : bool
        Whether a name that is no sound of the library may be a file.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    SoundsMissing
        The library knows it, and no file of it is there.
    RequestError
        It was not analysed yet, or could not be; it has no such region.
    AudioError, WorkerError
        The file cannot be heard.
    """
    try:
        with library.read() as connection:
            found = resolve_sound(connection, name)
            facts = stored_sound_object(connection, found.id)
            duration_s = facts["audio"]["duration_s"] if facts["audio"] else None
            if not duration_s:
                raise RequestError(f"{name} was not analysed yet.", "Add its folder again.")
    except SoundNotFound:
        if listener is None or not may_be_file or not os.path.isfile(name):
            raise
        return _heard(name, region, listener)
    whole = Clip(Role.MIX, found.content_hash, 0.0, duration_s, 0.0, 1.0)
    source = find_sources(library, [whole], listener=listener)[found.content_hash]
    if source.path is None:
        raise SoundsMissing(f"{source.shown} is missing: {source.why_missing}.")
    return _of_region(name, source.path, facts, regions_of_sound(library, found.id), region)


def _of_region(name: str, path: Path, facts: Mapping[str, Any], regions: RegionTable, number: int) -> PreviewSound:
    one = region_numbered(regions, number, name, field="b_region")
    return PreviewSound(name, path, facts if number == 0 else _facts_of_part(facts, one), one)


def _facts_of_part(facts: Mapping[str, Any], part: RegionTable) -> dict[str, Any]:
    """Narrow what is known of a sound to one of its regions; what is known of the whole only is not said of it."""
    start_s, end_s = float(part.start_s[0]), float(part.end_s[0])
    kind, tempo_bpm, loudness_lufs = part.kinds[0], float(part.tempo_bpm[0]), float(part.loudness_lufs[0])
    # A strike has no bars of its own, and is not cut at those of the music around it.
    has_bars = math.isfinite(tempo_bpm)
    # No part is louder at its peak than the whole.
    peak_dbtp = (facts["loudness"] or {}).get("true_peak_dbtp")
    return {
        **facts,
        "kind": None if kind is None else {"value": kind},
        "tempo": {"bpm": tempo_bpm} if has_bars else None,
        "downbeats_s": [each for each in facts["downbeats_s"] if has_bars and start_s <= each < end_s],
        "beats_s": [each for each in facts["beats_s"] if has_bars and start_s <= each < end_s],
        "cues": [],
        "loudness": {"integrated_lufs": loudness_lufs, "true_peak_dbtp": peak_dbtp}
        if math.isfinite(loudness_lufs)
        else None,
    }


def _heard(name: str, region: int, listener: Listener) -> PreviewSound:
    heard = listener.analyze_file(name)
    info = heard.info
    audio = AudioFacts(info.duration_s, info.sample_rate, info.channels, info.codec, info.container, info.content_hash)
    facts = sound_object(
        name,
        sound_id=public_id(info.content_hash),
        audio=audio,
        statements=statements_of(
            heard.analysis, claimed_observations(heard.claims), trust_names=listener.settings.trust_names
        ),
    )
    return _of_region(name, Path(name), facts, regions_of_file(heard), region)
