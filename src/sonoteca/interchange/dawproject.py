"""DAWproject 1.0 is the exchange format that Bitwig Studio, Cubase, Studio One and others open; arrangements are written in it.

A ``.dawproject`` is a ZIP of ``project.xml``, ``metadata.xml`` and, if embedded, the sounds:
https://github.com/bitwig/dawproject. What is written here:

- one audio track per role, with the mean gain of its clips as its volume, and a master;
- one clip per clip, looped over its pass; two warp points lay the span on the beats, so the
  program that opens it stretches by its own algorithm; shift and remaining gain are the clip's
  expressions ``transpose`` (semitones) and ``gain`` (linear);
- a marker per section, the tempo, and the time signature in quarters (a felt beat is written as one).

The same arrangement and sounds give the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath
from xml.etree import ElementTree

from sonoteca import __version__
from sonoteca.arrange.arrangement import Arrangement, Clip
from sonoteca.arrange.sources import Source, require_all
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import FileUnreadable, RequestError

FORMAT_VERSION = "1.0"
_COLOURS: Mapping[str, str] = {
    Role.DRUMS: "#c8553d",
    Role.BASS: "#588157",
    Role.HARMONY: "#457b9d",
    Role.MELODY: "#e9c46a",
    Role.VOCAL: "#b56576",
    Role.FX: "#8d99ae",
    Role.MIX: "#6d597a",
}
# ZIP cannot say less; a clock would make other bytes every time.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
# Less is nothing that is heard.
_SAME_DB = 0.05


def dawproject_bytes(arrangement: Arrangement, sources: Mapping[str, Source], *, embed: bool = False) -> bytes:
    """Write the contents of a ``.dawproject`` file.

    Parameters
    ----------
    arrangement : Arrangement
    sources : mapping of content hash to Source
        See ``sources.find_sources``.
    embed : bool
        Put the sounds into the file as they are on disk; else it names their absolute paths.

    Raises
    ------
    SoundsMissing
        A sound has no file; those of muted roles count too.
    FileUnreadable
        A file to embed cannot be read.
    RequestError
        A path to name is no text.
    """
    require_all(arrangement, sources, with_muted=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        _put(archive, "project.xml", _xml(_project(arrangement, sources, embed)))
        _put(archive, "metadata.xml", _xml(_metadata(arrangement)))
        if embed:
            for source in _in_order(arrangement, sources):
                _put(archive, _embedded_name(source), _content(source), is_sound=True)
    return packed.getvalue()


def _in_order(arrangement: Arrangement, sources: Mapping[str, Source]) -> list[Source]:
    """List each source once, in the order in which clips name them."""
    return [sources[each] for each in dict.fromkeys(clip.content_hash for clip in arrangement.clips)]


def _put(archive: zipfile.ZipFile, name: str, content: bytes, *, is_sound: bool = False) -> None:
    entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
    # Sound hardly packs, and programs stream what is stored.
    entry.compress_type = zipfile.ZIP_STORED if is_sound else zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _content(source: Source) -> bytes:
    assert source.path is not None
    try:
        return source.path.read_bytes()
    except OSError as error:
        raise FileUnreadable(f"{source.shown} cannot be read ({error.strerror}).") from error


def _embedded_name(source: Source) -> str:
    """Unique by the sound's id; the suffix tells the format."""
    assert source.path is not None
    return f"audio/{source.public_id}{source.path.suffix.lower()}"


def _file_path(source: Source, embed: bool) -> str:
    assert source.path is not None
    path = _embedded_name(source) if embed else source.path.as_posix()
    if path != _without_controls(path):
        raise RequestError(f"The name of {source.shown} cannot stand in XML.", "Rename the file, or embed the sounds.")
    return path


def _xml(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{body}\n'.encode()


class _Writer:
    """Makes elements; those that others may refer to get ids in the order they are made."""

    def __init__(self) -> None:
        self._ids = 0

    def element(
        self, parent: ElementTree.Element, tag: str, *, with_id: bool = False, **attributes: str
    ) -> ElementTree.Element:
        values = {name: _without_controls(value) for name, value in attributes.items()}
        if with_id:
            values["id"] = f"id{self._ids}"
            self._ids += 1
        return ElementTree.SubElement(parent, tag, values)


def _without_controls(text: str) -> str:
    """Text that XML 1.0 can hold: control characters, lone surrogates and non-characters become U+FFFD.

    >>> _without_controls("a\\x00b\\ud800")
    'a\\ufffdb\\ufffd'
    """
    return "".join(
        each
        if each in "\t\n\r" or " " <= each <= "\ud7ff" or "\ue000" <= each <= "\ufffd" or each > "\uffff"
        else "\ufffd"
        for each in text
    )


def _number(value: float) -> str:
    """Shortest decimal text that reads back as the same number: ``3``, ``2.5``.

    >>> _number(4.0), _number(0.1)
    ('4', '0.1')
    """
    return str(int(value)) if value == int(value) else repr(float(value))


def _project(arrangement: Arrangement, sources: Mapping[str, Source], embed: bool) -> ElementTree.Element:
    writer = _Writer()
    project = ElementTree.Element("Project", version=FORMAT_VERSION)
    writer.element(project, "Application", name="Sonoteca", version=__version__)
    transport = writer.element(project, "Transport")
    tempo = _number(arrangement.tempo_bpm)
    writer.element(transport, "Tempo", with_id=True, name="Tempo", unit="bpm", min="20", max="666", value=tempo)
    beats = str(arrangement.beats_per_bar)
    writer.element(transport, "TimeSignature", with_id=True, numerator=beats, denominator="4")
    structure = writer.element(project, "Structure")
    volumes = {role: _volume_db(arrangement, role) for role in arrangement.roles}
    tracks = {role: _track(writer, structure, arrangement, role, volumes[role]) for role in arrangement.roles}
    master = _master(writer, structure)
    for track in tracks.values():
        track[0].set("destination", master[0].attrib["id"])
    timeline = writer.element(project, "Arrangement", with_id=True)
    lanes = writer.element(timeline, "Lanes", with_id=True, timeUnit="beats")
    for role, track in tracks.items():
        lane = writer.element(lanes, "Lanes", with_id=True, track=track.attrib["id"])
        clips = writer.element(lane, "Clips", with_id=True)
        for clip in arrangement.clips_of(role):
            _clip(writer, clips, arrangement, clip, sources[clip.content_hash], volumes[role], embed)
    markers = writer.element(timeline, "Markers", with_id=True, timeUnit="beats")
    for section in arrangement.sections:
        at = _number(section.start_bar * arrangement.beats_per_bar)
        writer.element(markers, "Marker", time=at, name=section.name)
    writer.element(project, "Scenes")
    return project


def _volume_db(arrangement: Arrangement, role: str) -> float:
    gains = [clip.gain_db for clip in arrangement.clips_of(role)]
    # What a fader reaches in the programs that read this.
    return round(min(6.0, sum(gains) / len(gains)), 2)


def _track(
    writer: _Writer, structure: ElementTree.Element, arrangement: Arrangement, role: str, volume_db: float
) -> ElementTree.Element:
    track = writer.element(
        structure,
        "Track",
        with_id=True,
        name=role.capitalize(),
        color=_COLOURS[role],
        contentType="audio",
        loaded="true",
    )
    channel = writer.element(track, "Channel", with_id=True, audioChannels="2", role="regular", solo="false")
    _mixing(writer, channel, is_muted=role in arrangement.muted, volume_db=volume_db)
    return track


def _master(writer: _Writer, structure: ElementTree.Element) -> ElementTree.Element:
    track = writer.element(structure, "Track", with_id=True, name="Master", contentType="audio notes", loaded="true")
    channel = writer.element(track, "Channel", with_id=True, audioChannels="2", role="master", solo="false")
    _mixing(writer, channel, is_muted=False, volume_db=0.0)
    return track


def _mixing(writer: _Writer, channel: ElementTree.Element, *, is_muted: bool, volume_db: float) -> None:
    writer.element(channel, "Mute", with_id=True, name="Mute", value="true" if is_muted else "false")
    writer.element(channel, "Pan", with_id=True, name="Pan", unit="normalized", min="0", max="1", value="0.5")
    volume = _number(_linear(volume_db))
    writer.element(channel, "Volume", with_id=True, name="Volume", unit="linear", min="0", max="2", value=volume)


def _linear(gain_db: float) -> float:
    return round(float(10.0 ** (gain_db / 20.0)), 6)


def _clip(
    writer: _Writer,
    clips: ElementTree.Element,
    arrangement: Arrangement,
    clip: Clip,
    source: Source,
    volume_db: float,
    embed: bool,
) -> None:
    """A clip that loops one pass; beats inside count from the start of the span."""
    pass_beats = arrangement.pass_bars(clip) * arrangement.beats_per_bar
    element = writer.element(
        clips,
        "Clip",
        time=_number(clip.start_bar * arrangement.beats_per_bar),
        duration=_number(clip.bars * arrangement.beats_per_bar),
        contentTimeUnit="beats",
        playStart="0",
        loopStart="0",
        loopEnd=_number(pass_beats),
        name=PurePosixPath(source.shown).name,
        comment=" ".join(clip.reasons),
    )
    gain_db = clip.gain_db - volume_db
    inside = writer.element(element, "Lanes", with_id=True)
    warps = writer.element(inside, "Warps", with_id=True, timeUnit="beats", contentTimeUnit="seconds")
    audio = writer.element(
        warps,
        "Audio",
        with_id=True,
        timeUnit="seconds",
        algorithm="stretch",
        channels=str(source.channels or 2),
        sampleRate=str(source.sample_rate or 44_100),
        duration=_number(clip.end_s if source.duration_s is None else source.duration_s),
    )
    file = writer.element(audio, "File", path=_file_path(source, embed))
    if not embed:
        file.set("external", "true")
    writer.element(warps, "Warp", time="0", contentTime=_number(clip.start_s))
    writer.element(warps, "Warp", time=_number(pass_beats), contentTime=_number(clip.end_s))
    if clip.semitone_shift:
        _expression(writer, inside, "transpose", "semitones", _number(clip.semitone_shift))
    if abs(gain_db) >= _SAME_DB:
        _expression(writer, inside, "gain", "linear", _number(_linear(gain_db)))


def _expression(writer: _Writer, lanes: ElementTree.Element, name: str, unit: str, value: str) -> None:
    """A constant expression of a clip."""
    points = writer.element(lanes, "Points", with_id=True, timeUnit="beats", unit=unit)
    writer.element(points, "Target", expression=name)
    writer.element(points, "RealPoint", time="0", value=value, interpolation="hold")


def _metadata(arrangement: Arrangement) -> ElementTree.Element:
    writer = _Writer()
    metadata = ElementTree.Element("MetaData")
    writer.element(metadata, "Title").text = _without_controls(title_of(arrangement))
    key = "" if arrangement.key is None else f", {arrangement.key.name}"
    writer.element(metadata, "Comment").text = f"{arrangement.tempo_bpm:g} bpm{key}, seed {arrangement.seed}"
    return metadata


def title_of(arrangement: Arrangement) -> str:
    """Give the title, else the id."""
    return arrangement.title or f"Arrangement {arrangement.public_id or 'without id'}"
