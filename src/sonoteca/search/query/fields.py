"""The fields of the query language: what ``name:value`` may say."""

from __future__ import annotations

from dataclasses import dataclass

from sonoteca.domain.vocabulary import Content, Kind, Role, SoundClass
from sonoteca.search.query.readers import (
    Reader,
    label_reader,
    number_reader,
    read_added,
    read_external,
    read_id,
    read_key,
    read_meter,
    read_pitch,
    read_seconds,
    read_state,
    read_tag,
    read_tempo,
    text_reader,
)


@dataclass(frozen=True, slots=True)
class Field:
    """``sort_column`` None: a list cannot be sorted by it. ``values``: all that may be said, where that is a vocabulary."""

    name: str
    meaning: str
    example: str
    read: Reader
    sort_column: str | None = None
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


_STATUS = ("pending", "analysed", "failed")

FIELDS: tuple[Field, ...] = (
    Field("kind", "what the file is", "kind:loop", label_reader("kind", Kind), "kind", values=tuple(Kind)),
    Field("role", "what it does in a piece", "role:drums", label_reader("role", Role), "role", values=tuple(Role)),
    Field(
        "class",
        "what a one-shot is",
        "class:kick",
        label_reader("sound_class", SoundClass),
        "sound_class",
        ("sound_class",),
        tuple(SoundClass),
    ),
    Field(
        "content",
        "what fills most of it",
        "content:nature",
        label_reader("content", Content),
        "content",
        values=tuple(Content),
    ),
    Field("instrument", "instrument family", "instrument:guitar", label_reader("instrument", None), "instrument"),
    Field(
        "bpm",
        "felt tempo; half and double match too, unless bpm:=120",
        "bpm:120..128",
        read_tempo,
        "tempo_bpm",
        ("tempo",),
    ),
    Field("key", "Camelot, Open Key or name; ~ takes compatible ones", "key:8A~", read_key, "key_number"),
    Field("meter", "as it is written, or felt beats per bar alone", "meter:6/8", read_meter, "beats_per_bar"),
    Field("bars", "whole bars of a loop", "bars:4", number_reader("bars"), "bars"),
    Field(
        "duration",
        "length in seconds, or with a unit",
        "duration:1:30..3m",
        number_reader("duration_s", read_seconds),
        "duration_s",
        ("length",),
    ),
    Field("lufs", "integrated loudness", "lufs:>-10", number_reader("loudness_lufs"), "loudness_lufs", ("loudness",)),
    Field("range", "loudness range in LU", "range:<6", number_reader("loudness_range_lu"), "loudness_range_lu"),
    Field("peak", "true peak in dBTP", "peak:>0", number_reader("true_peak_dbtp"), "true_peak_dbtp"),
    Field("energy", "felt energy from 1 to 10", "energy:7..10", number_reader("energy_level"), "energy_level"),
    Field("rating", "stars from 0 to 5", "rating:>=4", number_reader("rating"), "rating"),
    Field(
        "pitch",
        "pitch of a one-shot: MIDI number or note name",
        "pitch:C2..C3",
        number_reader("pitch_midi", read_pitch),
        "pitch_midi",
        ("note",),
    ),
    Field("tuning", "deviation from A4 = 440 Hz in cents", "tuning:>20", number_reader("tuning_cents"), "tuning_cents"),
    Field("brightness", "0 dark to 1 bright", "brightness:>0.6", number_reader("brightness"), "brightness"),
    Field("warmth", "share of energy from 100 to 800 Hz", "warmth:>0.5", number_reader("warmth"), "warmth"),
    Field("roughness", "sensory dissonance", "roughness:>0.3", number_reader("roughness"), "roughness"),
    Field("noisiness", "0 tone to 1 noise", "noisiness:>0.5", number_reader("noisiness"), "noisiness"),
    Field("tonality", "0 atonal to 1 tonal", "tonality:>0.5", number_reader("tonality"), "tonality"),
    Field("attack", "attack time", "attack:<10ms", number_reader("attack_s", read_seconds), "attack_s"),
    Field("decay", "decay time", "decay:>1s", number_reader("decay_s", read_seconds), "decay_s"),
    Field("clarity", "how clear the pulse is", "clarity:>0.5", number_reader("pulse_clarity"), "pulse_clarity"),
    Field("density", "onsets per second", "density:>4", number_reader("onset_density"), "onset_density"),
    Field(
        "loopability",
        "how well the end flows into the start",
        "loopability:>0.8",
        number_reader("loopability"),
        "loopability",
    ),
    Field("tag", "a tag, whole; tag:dus* for beginnings", "tag:dusty", read_tag, None, ("tags",)),
    Field("title", "words of the title", "title:rain", text_reader("title"), "title_key"),
    Field("artist", "words of the artist", 'artist:"amon tobin"', text_reader("artist"), "artist_key"),
    Field("album", "words of the album", "album:permutation", text_reader("album"), "album_key"),
    Field(
        "path", "words of folders and file names", "path:drums/kicks", text_reader("path"), "path_key", ("name", "file")
    ),
    Field("added", "when it was added", "added:7d", read_added, "added_at"),
    Field(
        "status",
        "pending, analysed or failed",
        "status:failed",
        label_reader("status", _STATUS),
        "status",
        values=_STATUS,
    ),
    Field(
        "confidence",
        "the lowest of the confidences of kind, role, tempo and key",
        "confidence:<0.5",
        number_reader("confidence"),
        "confidence",
    ),
    Field(
        "kind_confidence", "of the kind", "kind_confidence:<0.5", number_reader("kind_confidence"), "kind_confidence"
    ),
    Field(
        "role_confidence", "of the role", "role_confidence:<0.5", number_reader("role_confidence"), "role_confidence"
    ),
    Field(
        "class_confidence",
        "of the sound class",
        "class_confidence:<0.5",
        number_reader("sound_class_confidence"),
        "sound_class_confidence",
    ),
    Field(
        "bpm_confidence",
        "of the tempo",
        "bpm_confidence:>0.8",
        number_reader("tempo_confidence"),
        "tempo_confidence",
        ("tempo_confidence",),
    ),
    Field("key_confidence", "of the key", "key_confidence:>0.8", number_reader("key_confidence"), "key_confidence"),
    Field(
        "is",
        "missing: no file of it is there; -is:missing for those that are",
        "is:missing",
        read_state,
        values=("missing",),
    ),
    Field("id", "beginning of an id", "id:k3f", read_id),
    Field("external", "a shop's id, whole; * stands for anything: external:LP-10*", "external:LP-1042", read_external),
    Field(
        "price",
        "what a shop's list asks for it, in the currency that stands there",
        "price:<3",
        number_reader("price"),
        "price",
    ),
)

FIELDS_BY_NAME: dict[str, Field] = {name: field for field in FIELDS for name in (field.name, *field.aliases)}
