"""Arrangements for tests: drawn by Hypothesis, and libraries of loops whose facts are built, not heard."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from catalogue_samples import EAR, heard, info, part
from sonoteca.arrange.arrangement import Arrangement, Clip, Section
from sonoteca.arrange.choose.loops import Loops, find_loops
from sonoteca.audio.content_hash import hash_content
from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.domain.beat_profile import N_NOTES, N_ONSETS, BeatProfile
from sonoteca.domain.music import Key
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.domain.vocabulary import Role
from sonoteca.match.region_table import RegionStatement, region_table_of

RATE = 8_000
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}

NAMES = ("intro", "verse", "chorus", "outro")
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@st.composite
def arrangements(draw: st.DrawFn) -> Arrangement:
    """Any arrangement: clips as sections have them, and clips that cross bar lines and sections."""
    tempo_bpm = draw(st.floats(20, 400))
    beats_per_bar = draw(st.integers(1, 12))
    sections: list[Section] = []
    for name, bars in draw(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 12)), min_size=1, max_size=6)):
        sections.append(Section(name, sections[-1].end_bar if sections else 0, bars))
    total = sections[-1].end_bar
    bar_s = beats_per_bar * 60.0 / tempo_bpm
    clips: list[Clip] = []
    for role in draw(st.lists(st.sampled_from(Role), unique=True, max_size=4)):
        # Borders in quarters of a bar; every other stretch between two of them is a clip.
        borders = sorted(draw(st.lists(st.integers(0, 4 * total), unique=True, max_size=6)))
        for first, last in zip(borders[::2], borders[1::2], strict=False):
            pass_bars = draw(st.sampled_from((0.5, 1.0, 2.0, 4.0, 8.0)))
            ratio = draw(st.floats(0.75, 1.25))
            start_s = draw(st.floats(0, 100))
            clips.append(
                Clip(
                    role=str(role),
                    content_hash=f"x1:{draw(st.integers(0, 5)):032x}",
                    start_s=start_s,
                    end_s=start_s + pass_bars * bar_s * ratio,
                    start_bar=first / 4,
                    bars=(last - first) / 4,
                    tempo_ratio=ratio,
                    semitone_shift=draw(st.integers(-6, 6)),
                    gain_db=draw(st.floats(-24, 12)),
                    score=draw(st.none() | st.floats(0, 1)),
                    reasons=tuple(draw(st.lists(TEXTS, max_size=3))),
                )
            )
    roles = sorted({clip.role for clip in clips})
    pairs = sorted({(clip.role, section.name) for clip in clips for section in sections})
    return Arrangement(
        tempo_bpm=tempo_bpm,
        beats_per_bar=beats_per_bar,
        key=draw(st.none() | st.builds(Key, st.integers(0, 11), st.sampled_from(("major", "minor")))),
        sections=tuple(sections),
        clips=tuple(clips),
        seed=draw(st.integers(0, 2**31 - 1)),
        title=draw(st.none() | TEXTS),
        muted=frozenset(draw(st.lists(st.sampled_from(roles), unique=True)) if roles else ()),
        locked=frozenset(draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else ()),
        details={
            "notes": cast(Any, draw(st.lists(TEXTS, max_size=2))),
            "asked": {"bpm": draw(st.none() | st.floats(20, 400))},
        },
    )


def a_clip(role: str = "drums", start_bar: float = 0.0, bars: float = 8.0, **changes: Any) -> Clip:
    """A loop of four bars at 120 bpm."""
    clip = Clip(role, "x1:" + "0" * 32, 0.0, 8.0, start_bar, bars)
    return replace(clip, **changes)


def a_song(**changes: Any) -> Arrangement:
    """Intro of 4 bars with drums, verse, chorus and verse of 8 with drums and bass; 120 bpm in A minor."""
    sections = (Section("intro", 0, 4), Section("verse", 4, 8), Section("chorus", 12, 8), Section("verse", 20, 8))
    clips = [a_clip("drums", section.start_bar, section.bars) for section in sections]
    clips += [
        a_clip("bass", section.start_bar, section.bars, content_hash="x1:" + "1" * 32) for section in sections[1:]
    ]
    return replace(Arrangement(120.0, 4, Key.parse("Am"), sections, tuple(clips)), **changes)


def loop_facts(
    role: str,
    *,
    bpm: float = 120.0,
    bars: int = 4,
    key: str = "Am",
    beats_per_bar: int = 4,
    lufs: float = -14.0,
    seed: int = 0,
    kind: str = "loop",
    key_confidence: float = 0.95,
) -> dict[str, Any]:
    """What would be heard in a loop of this role: notes of the scale of its key, onsets by seed."""
    random = np.random.default_rng(seed)
    n_beats = bars * beats_per_bar
    tonic = Key.parse(key)
    tonal = role not in ("drums", "fx")
    notes = np.zeros((n_beats, N_NOTES), np.float32)
    chroma = np.full(12, 1 / 12)
    if tonal:
        scale = [(tonic.tonic + step) % 12 for step in _SCALES[tonic.mode]]
        for beat in range(n_beats):
            root = scale[(0, 3, 4, 0)[beat // beats_per_bar % 4]]
            notes[beat, [root, (root + 7) % 12, scale[int(random.integers(7))]]] = 1.0
        chroma = notes[:, :12].sum(axis=0) / notes[:, :12].sum()
    onsets = (random.random((n_beats, N_ONSETS)) * 2.0).astype(np.float32)
    profile = BeatProfile(0.0, 60.0 / bpm, beats_per_bar, True, notes, onsets)
    scores = {str(each): 0.9 if each == role else 0.1 / 6 for each in Role}
    facts: dict[str, Any] = {
        "kind": kind,
        "role": {"value": role, "scores": scores},
        "tempo": {"bpm": bpm, "alternatives_bpm": []},
        "meter": {"beats_per_bar": beats_per_bar, "beat_unit": 4},
        "bars": bars,
        "chroma": chroma.tolist(),
        "tonality": 0.9 if tonal else 0.05,
        "loudness": {"integrated_lufs": lufs, "range_lu": 2.0, "true_peak_dbtp": -1.5},
        "energy_level": 5.0,
        "beat_profile": profile.as_json(),
    }
    if tonal:
        facts["key"] = {"tonic": tonic.tonic, "mode": tonic.mode, "alternatives": []}
    return facts


def loops_of(*described: tuple[str, dict[str, Any]], **columns: Any) -> Loops:
    """Loops with the facts of ``loop_facts``; ``columns`` replace what is known of their regions."""
    rows = []
    for number, (role, wishes) in enumerate(described):
        facts = loop_facts(role, seed=number, **wishes)
        key = facts.get("key")
        profile = facts["beat_profile"]
        rows.append(
            RegionStatement(
                {
                    "region_id": number,
                    "sound_id": number,
                    "content_hash": f"x1:{number:032x}",
                    "number": 0,
                    "start_s": 0.0,
                    "end_s": profile["n_beats"] * profile["beat_s"],
                    "kind": facts["kind"],
                    "tempo_bpm": facts["tempo"]["bpm"],
                    "beats_per_bar": profile["beats_per_bar"],
                    "key_number": None if key is None else Key(key["tonic"], key["mode"]).number,
                    "key_confidence": None if key is None else wishes.get("key_confidence", 0.95),
                    "tonality": facts["tonality"],
                    "loudness_lufs": facts["loudness"]["integrated_lufs"],
                    **columns,
                },
                facts,
            )
        )
    return find_loops(region_table_of(rows))


def add_loop(
    connection: Connection, folder: Path, name: str, role: str, *, seed: int | None = None, **facts: Any
) -> str:
    """A WAV file of the right length in ``folder``, in the library with the facts of ``loop_facts``; its content hash."""
    number = zlib.crc32(name.encode()) if seed is None else seed
    bpm, bars, beats = facts.get("bpm", 120.0), facts.get("bars", 4), facts.get("beats_per_bar", 4)
    duration_s = bars * beats * 60.0 / bpm
    samples = 0.1 * np.random.default_rng(number).standard_normal(round(duration_s * RATE)).astype(np.float32)
    path = folder / name
    write_wav(path, AudioSignal(samples[None], RATE))
    content_hash = hash_content(path)
    state = path.stat()
    place = ensure_root(connection, folder)
    seen = SeenFile(name.encode(), state.st_size, state.st_mtime_ns)
    [recorded] = record_files(connection, place.root, [(seen, content_hash)])
    whole = part(0, 0.0, duration_s, heard(**loop_facts(role, seed=number, **facts)))
    result = SoundResult(recorded.sound_id, info(content_hash, duration_s), SoundAnalysis((whole,)), ())
    store_results(connection, [result], identities=[EAR])
    return content_hash
