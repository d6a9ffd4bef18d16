"""Clips say how they go with what plays with them, under the names of a match, with values that can be worked out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sonoteca
from arrangement_samples import add_loop
from sonoteca.arrange.arrangement import Arrangement, Clip, Section
from sonoteca.arrange.keep.arrangements import keep_arrangement
from sonoteca.catalogue.store.library import Library
from sonoteca.match.weights import AXES

NAMES = {"fit", "fit_scores", "quality_flags", "gating_status", "tempo_ratio", "semitone_shift", "risk_reasons"}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "loops").mkdir()
    with sonoteca.open_library(tmp_path / "mine.sonoteca", mode="create") as opened:
        with opened.write() as connection:
            for number, bpm in enumerate((120.0, 100.0)):
                for role in ("drums", "bass", "harmony"):
                    add_loop(connection, tmp_path / "loops", f"{role} {number}.wav", role, bpm=bpm, bars=2)
        yield opened


def kept(library: Library, arrangement: Arrangement, **changes: Any) -> list[dict[str, Any]]:
    """The clips as a program reads them, of an arrangement that was changed by hand."""
    return keep_arrangement(library, replace(arrangement, public_id=None, **changes)).as_rows()


def made(library: Library, **wishes: Any) -> sonoteca.ArrangeAnswer:
    request = sonoteca.ArrangeRequest(**{"form": "verse:4:drums+bass+harmony,outro:2:drums", "bpm": 110, **wishes})
    return sonoteca.make_arrangement(library, request)


def test_a_composed_clip_scores_what_it_was_chosen_with(library: Library) -> None:
    answer = made(library, key="Am")
    rows = answer.as_rows()
    assert [row["role"] for row in rows] == ["drums", "bass", "harmony", "drums"]
    for row, clip in zip(rows, answer.arrangement.clips, strict=True):
        assert set(row) >= NAMES
        assert set(row["fit"]) == {*AXES, "total_score"}
        assert row["fit_scores"] == row["fit"]
        assert row["fit"]["total_score"] == clip.score == row["score"]
        assert row["tempo_ratio"] == clip.tempo_ratio
        assert row["semitone_shift"] == clip.semitone_shift
        # 1 for no stretch, 0 at 25 %.
        assert row["fit"]["tempo"] == pytest.approx(1.0 - abs(math.log(clip.tempo_ratio)) / 0.25, abs=1e-4)
        assert row["risk_reasons"] == [] or row["quality_flags"] != []
    drums, bass, harmony, alone = rows
    # Drums have no pitch; what has is in one key with what has.
    assert (drums["fit"]["key"], drums["fit"]["chord"]) == (None, None)
    assert bass["fit"]["key"] == harmony["fit"]["key"] == 1.0
    # Nothing plays with it: only what it is by itself is known.
    known = {name for name, value in alone["fit"].items() if value is not None}
    assert known == {"tempo", "role_confidence"}
    assert (alone["fit"]["total_score"], alone["score"], alone["gating_status"]) == (None, None, "pass")


def test_a_far_shift_and_a_wide_stretch_are_flagged_and_cap(library: Library) -> None:
    arrangement = made(library, key="Am", bpm=120, max_stretch=5).arrangement
    assert [(clip.tempo_ratio, clip.semitone_shift) for clip in arrangement.clips] == [(1.0, 0)] * 4
    clips = tuple(
        replace(clip, tempo_ratio=1.2 if clip.role == "drums" else 1.0, semitone_shift=5 * (clip.role == "bass"))
        for clip in arrangement.clips
    )
    drums, bass, harmony, alone = kept(library, arrangement, clips=clips)
    assert drums["quality_flags"] == alone["quality_flags"] == ["wide_stretch"]
    assert drums["risk_reasons"] == ["the stretch will be audible"]
    assert "wide_shift" in bass["quality_flags"]
    assert "the pitch shift will be audible" in bass["risk_reasons"]
    assert {row["gating_status"] for row in (drums, bass, alone)} == {"capped"}
    assert not {"wide_shift", "wide_stretch"} & set(harmony["quality_flags"])
    # log 1.2 is 0.182, of 0.25 at most.
    assert (drums["fit"]["tempo"], harmony["fit"]["tempo"]) == (0.2707, 1.0)
    # A fourth apart the bass is a fifth from the key of the harmony: near, and not the same.
    assert bass["fit"]["key"] == harmony["fit"]["key"] < 1.0
    assert [row["semitone_shift"] for row in (drums, bass, harmony)] == [0, 5, 0]
    assert [row["tempo_ratio"] for row in (drums, bass, harmony)] == [1.2, 1.0, 1.0]
    far = tuple(replace(clip, tempo_ratio=1.5) for clip in arrangement.clips)
    assert {row["gating_status"] for row in kept(library, arrangement, clips=far)} == {"rejected"}


def test_what_plays_at_another_time_is_not_beside_it(library: Library) -> None:
    arrangement = made(library).arrangement
    drums, bass = (next(clip for clip in arrangement.clips if clip.role == role) for role in ("drums", "bass"))
    apart = (replace(drums, start_bar=0, bars=2), replace(bass, start_bar=2, bars=2))
    assert [row["fit"]["total_score"] for row in kept(library, arrangement, clips=apart)] == [None, None]
    touching = (replace(drums, start_bar=0, bars=2.5), replace(bass, start_bar=2, bars=2))
    rows = kept(library, arrangement, clips=touching)
    assert rows[0]["fit"]["total_score"] == rows[1]["fit"]["total_score"] > 0


def test_a_sound_that_is_not_here_has_no_fit(library: Library) -> None:
    gone = Clip("bass", "x1:" + "f" * 32, 0.0, 4.0, 0, 2)
    [row] = kept(library, Arrangement(120.0, 4, None, (Section("verse", 0, 2),), (gone,)))
    assert {name: row[name] for name in NAMES - {"tempo_ratio", "semitone_shift"}} == dict.fromkeys(
        NAMES - {"tempo_ratio", "semitone_shift"}
    )
    assert (row["tempo_ratio"], row["semitone_shift"]) == (1.0, 0)
