"""DAWproject files: valid, complete, the same bytes every time; times and levels are those of the arrangement."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from arrangement_samples import a_clip, a_song, arrangements
from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.sources import Source
from sonoteca.errors import FileUnreadable, RequestError, SoundsMissing
from sonoteca.interchange.dawproject import dawproject_bytes

HERE = Path(__file__).parent
# The format's own schemas (MIT, Bitwig), version 1.0 as of commit ee4dcdd, are not part of this repository. Where a
# folder holds them, everything is validated against them too.
OFFICIAL = Path(os.environ.get("DAWPROJECT_SCHEMAS", HERE.parents[2] / "shared" / "dawproject"))
OFFICIAL_SHA256 = {
    "Project.xsd": "58e2fd9864772850aac3eab1f3de8693857dc5384df6d29fbc320ae1de2347cc",
    "MetaData.xsd": "fb3ba378271770dddbcced8990aba537de3d36ff2d58573523460a699221c99f",
}


@pytest.fixture(scope="module")
def written_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(HERE / "schema" / "written_project.xsd")


@pytest.fixture(scope="module")
def official_schemas() -> dict[str, xmlschema.XMLSchema]:
    if not all((OFFICIAL / name).is_file() for name in OFFICIAL_SHA256):
        pytest.skip(f"the official schemas are not in {OFFICIAL}")
    for name, digest in OFFICIAL_SHA256.items():
        assert hashlib.sha256((OFFICIAL / name).read_bytes()).hexdigest() == digest, f"{name} is another version"
    return {name: xmlschema.XMLSchema(OFFICIAL / name) for name in OFFICIAL_SHA256}


def sources_for(arrangement: Arrangement, folder: str = "/music") -> dict[str, Source]:
    return {
        clip.content_hash: Source(
            content_hash=clip.content_hash,
            shown=f"{folder}/{clip.content_hash[-4:]}.wav",
            public_id=f"id{clip.content_hash[-4:]}",
            path=Path(folder) / f"{clip.content_hash[-4:]}.wav",
            duration_s=200.0,
            sample_rate=48_000,
            channels=1,
        )
        for clip in arrangement.clips
    }


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def project_of(
    arrangement: Arrangement, sources: Mapping[str, Source] | None = None, *, embed: bool = False
) -> ElementTree.Element:
    content = dawproject_bytes(arrangement, sources or sources_for(arrangement), embed=embed)
    return ElementTree.fromstring(members(content)["project.xml"])


@settings(deadline=None, max_examples=50)
@given(arrangement=arrangements())
def test_every_arrangement_gives_valid_files(arrangement: Arrangement, written_schema: xmlschema.XMLSchema) -> None:
    files = members(dawproject_bytes(arrangement, sources_for(arrangement)))
    assert list(files) == ["project.xml", "metadata.xml"]
    written_schema.validate(files["project.xml"].decode())
    assert ElementTree.fromstring(files["metadata.xml"]).tag == "MetaData"


@settings(deadline=None, max_examples=50)
@given(arrangement=arrangements())
def test_every_arrangement_is_valid_by_the_official_schemas(
    arrangement: Arrangement, official_schemas: dict[str, xmlschema.XMLSchema]
) -> None:
    files = members(dawproject_bytes(arrangement, sources_for(arrangement)))
    official_schemas["Project.xsd"].validate(files["project.xml"].decode())
    official_schemas["MetaData.xsd"].validate(files["metadata.xml"].decode())


def test_the_schema_of_the_tests_refuses_what_is_wrong(written_schema: xmlschema.XMLSchema) -> None:
    text = members(dawproject_bytes(a_song(), sources_for(a_song())))["project.xml"].decode()
    for right, wrong in (
        ('track="id2"', 'track="id999"'),
        ('contentTimeUnit="seconds"', ""),
        ('unit="bpm"', 'unit="hertz"'),
        ("<Scenes />", ""),
        ('time="16"', 'time="-16"'),
        ('id="id5"', 'id="id4"'),
    ):
        assert text.count(right) >= 1, right
        assert not written_schema.is_valid(text.replace(right, wrong, 1)), wrong


@settings(deadline=None, max_examples=50)
@given(arrangements())
def test_the_same_arrangement_gives_the_same_bytes(arrangement: Arrangement) -> None:
    sources = sources_for(arrangement)
    assert dawproject_bytes(arrangement, sources) == dawproject_bytes(arrangement, dict(reversed(sources.items())))


@settings(deadline=None, max_examples=50)
@given(arrangements())
def test_times_are_those_of_the_arrangement(arrangement: Arrangement) -> None:
    """Read as an importer reads it: beats of the clip, seconds of the file, and between them the warps."""
    project = project_of(arrangement)
    tempo = project.find("Transport/Tempo")
    assert tempo is not None
    beats_per_s = float(tempo.attrib["value"]) / 60.0
    tracks = {track.attrib["id"]: track.attrib["name"].lower() for track in project.iterfind("Structure/Track")}
    found = []
    for lane in project.iterfind("Arrangement/Lanes/Lanes"):
        for clip in lane.iterfind("Clips/Clip"):
            first, last = clip.iterfind("Lanes/Warps/Warp")
            span_s = float(last.attrib["contentTime"]) - float(first.attrib["contentTime"])
            pass_beats = float(last.attrib["time"])
            assert float(clip.attrib["loopEnd"]) == pass_beats
            assert first.attrib["time"] == "0"
            ratio = span_s / (pass_beats / beats_per_s)
            at = float(clip.attrib["time"]), float(clip.attrib["duration"])
            found.append((tracks[lane.attrib["track"]], *at, ratio))
    expected = [
        (role, clip.start_bar * arrangement.beats_per_bar, clip.bars * arrangement.beats_per_bar, clip.tempo_ratio)
        for role in arrangement.roles
        for clip in arrangement.clips_of(role)
    ]
    assert [each[:3] for each in found] == [each[:3] for each in expected]
    assert [each[3] for each in found] == pytest.approx([each[3] for each in expected], rel=1e-5)
    markers = [(m.attrib["name"], float(m.attrib["time"])) for m in project.iterfind("Arrangement/Markers/Marker")]
    assert markers == [(s.name, s.start_bar * arrangement.beats_per_bar) for s in arrangement.sections]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-24, 12).map(lambda db: round(db, 1)), min_size=1, max_size=4))
def test_fader_and_clip_gain_add_up_to_the_gain(gains: list[float]) -> None:
    clips = tuple(a_clip("bass", 4 * n, 4, gain_db=gain) for n, gain in enumerate(gains))
    project = project_of(a_song(clips=clips))
    volume = project.find("Structure/Track/Channel/Volume")
    assert volume is not None
    assert float(volume.attrib["value"]) <= 2.0
    for element, gain in zip(project.iterfind(".//Clip"), gains, strict=True):
        expression = [p for p in element.iterfind("Lanes/Points") if p.find("Target[@expression='gain']") is not None]
        point = expression[0].find("RealPoint") if expression else None
        own = 1.0 if point is None else float(point.attrib["value"])
        assert own * float(volume.attrib["value"]) == pytest.approx(10 ** (gain / 20), rel=0.01)


def test_shift_mute_and_title_arrive() -> None:
    clips = (a_clip("bass", 0, 4, semitone_shift=-3, reasons=("Low.", 'Fits <well> & "long".')), a_clip("drums", 0, 4))
    song = a_song(clips=clips, muted=frozenset({"drums"}), title="Rain\x07 & <Sun>")
    files = members(dawproject_bytes(song, sources_for(song)))
    project = ElementTree.fromstring(files["project.xml"])
    mutes = {t.attrib["name"]: t[0].find("Mute") for t in project.iterfind("Structure/Track")}
    assert {name: mute is not None and mute.attrib["value"] for name, mute in mutes.items()} == {
        "Drums": "true",
        "Bass": "false",
        "Master": "false",
    }
    drums, bass = project.iterfind(".//Clip")
    assert drums.find("Lanes/Points/Target[@expression='transpose']") is None
    (transpose,) = bass.iterfind("Lanes/Points")
    point = transpose.find("RealPoint")
    assert point is not None
    assert (transpose.attrib["unit"], point.attrib["value"]) == ("semitones", "-3")
    assert bass.attrib["comment"] == 'Low. Fits <well> & "long".'
    assert ElementTree.fromstring(files["metadata.xml"]).findtext("Title") == "Rain\ufffd & <Sun>"


def test_every_track_leads_to_the_master() -> None:
    project = project_of(a_song())
    (master,) = (c for c in project.iterfind("Structure/Track/Channel") if c.attrib["role"] == "master")
    others = [c for c in project.iterfind("Structure/Track/Channel") if c.attrib["role"] == "regular"]
    assert {channel.attrib["destination"] for channel in others} == {master.attrib["id"]}


def test_sounds_are_named_or_embedded_once(tmp_path: Path) -> None:
    song = a_song()
    sources = sources_for(song, str(tmp_path))
    for source in sources.values():
        assert source.path is not None
        source.path.write_bytes(source.content_hash.encode())
    named = project_of(song, sources)
    assert {file.attrib["path"] for file in named.iterfind(".//File")} == {str(s.path) for s in sources.values()}
    assert {file.attrib.get("external") for file in named.iterfind(".//File")} == {"true"}
    files = members(dawproject_bytes(song, sources, embed=True))
    assert set(files) == {"project.xml", "metadata.xml", "audio/id0000.wav", "audio/id1111.wav"}
    assert files["audio/id1111.wav"].decode() == song.clips_of("bass")[0].content_hash
    inside = ElementTree.fromstring(files["project.xml"])
    assert {file.attrib["path"] for file in inside.iterfind(".//File")} == set(files) - {"project.xml", "metadata.xml"}
    assert {file.attrib.get("external") for file in inside.iterfind(".//File")} == {None}


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    song = a_song()
    sources = sources_for(song, str(tmp_path))
    with pytest.raises(FileUnreadable, match=r"0000\.wav"):
        dawproject_bytes(song, sources, embed=True)
    gone = {name: Source(name, "old.wav", why_missing="the file cannot be read") for name in sources}
    with pytest.raises(SoundsMissing, match=r"old\.wav \(drums in intro, drums in verse"):
        dawproject_bytes(song, gone)
    odd = {name: Source(name, "odd", "idodd", Path("/music/\udce9.wav")) for name in sources}
    with pytest.raises(RequestError, match="cannot stand in XML"):
        dawproject_bytes(song, odd)
