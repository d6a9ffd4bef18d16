"""One sound as a person reads it: what matters first, and each fact with how sure it is and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sonoteca.cli.output import clock, counted, local_time, print_lines, print_pairs, print_table, print_text
from sonoteca.cli.sound_names import key_text, kind_text, kind_words, price_text
from sonoteca.cli.table import Column
from sonoteca.cli.text_width import NO_BREAK, cells
from sonoteca.domain.certainty import certainty_of
from sonoteca.domain.music import PITCH_CLASS_NAMES, Key, meter_text
from sonoteca.domain.names import sound_name
from sonoteca.domain.tempo_words import tempo_number

_SHOWN_SPANS = 12
_CLAIMED_BY = {"tags": "the tags", "riff": "the file", "aiff": "the file", "name": "the file's name"}
_SOURCES = {"analyzer": "heard", "import": "claimed", "user": "yours"}

Sound = Mapping[str, Any]


def print_sound(sound: Sound) -> None:
    """The facts of one sound object that matter, unknown ones left out."""
    print_text(_heading(sound), style="bold")
    if sound["error"] is not None:
        error = sound["error"]
        failed = [("failed", f"[{error['code']}] {error['message']}"), ("remedy", error["remedy"])]
        print_pairs([*failed, *_places(sound)])
        return
    facts = list(_facts(sound))
    # The space that ends a line stands before who says so.
    width = max((cells(value) for _, value, about in facts if _said(sound, about)), default=0)
    print_pairs(
        [
            *(
                (name, value + (f"{NO_BREAK * (width - cells(value) + 1)} {said}" if said else ""))
                for name, value, about in facts
                for said in (_said(sound, about),)
            ),
            *_heard_and_claimed(sound),
            *(("doubt", doubt["message"]) for doubt in sound["doubts"]),
            *_lists(sound),
            *_places(sound),
        ]
    )
    _print_events(sound["regions"])


def print_why(sound: Sound) -> None:
    """Who said each value of a sound and when, what else was thought of, and what the sound measures."""
    print_lines([""])
    measured = [
        f"{name.replace('_', ' ')} {value:.3g}"
        for name, value in sound["descriptors"].items()
        if isinstance(value, int | float)
    ]
    other_keys = [
        f"{each['name']} {each['score']:.0%}"
        for each in (sound["key"] or {}).get("alternatives", ())
        if each["score"] >= 0.005
    ]
    other_tempi = [tempo_number(bpm) for bpm in (sound["tempo"] or {}).get("alternatives_bpm", ())]
    told = {"other tempi": other_tempi, "other keys": other_keys, "measured": measured}
    pairs = [(name, _listed(values)) for name, values in told.items() if values]
    if (content := sound["audio"]["content_hash"]) is not None:
        pairs.append(("content", content))
    print_pairs(pairs)
    print_table(
        ["value", "said by", Column("settings", spare=2), Column("at", spare=1), "producer and version"],
        [
            (
                name,
                _SOURCES.get(origin["source"], origin["source"]),
                origin["settings"] or None,
                (local_time(origin["at"]) or "").replace(" ", NO_BREAK),
                f"{origin['producer']}{NO_BREAK}{origin['version']}",
            )
            for name, origin in sound["provenance"].items()
        ],
        title="\nWho says so",
    )
    print_table(
        ["skipped", "reason"], [(each["producer"], each["reason"]) for each in sound["skipped"]], title="\nNot answered"
    )


def _listed(values: Sequence[str]) -> str:
    """Values with commas between; no line ends within one."""
    return ", ".join(value.replace(" ", NO_BREAK) for value in values)


def _heading(sound: Sound) -> str:
    name = sound_name(
        sound["id"] or "?", sound.get("title"), sound.get("artist"), sound["path"], sound.get("shop_title")
    )
    album = sound.get("album")
    return f"{name} ({album})" if album else name


def _facts(sound: Sound) -> Iterator[tuple[str, str, str | None]]:
    """Name, value and the descriptor it is about, of what is known; of music also that tempo and key are not."""
    audio, tempo, key, meter = sound["audio"], sound["tempo"], sound["key"], sound["meter"]
    kind = sound["kind"]["value"]
    is_music = kind in ("track", "loop")
    if audio["duration_s"] is not None:
        yield "length", clock(audio["duration_s"]), None
    if tempo and tempo["bpm"] is not None:
        yield "tempo", f"{tempo_number(tempo['bpm'])} bpm{_mark('tempo', tempo)}", "tempo"
    elif is_music:
        yield "tempo", "not known", None
    if meter:
        yield "meter", meter_text(meter["beats_per_bar"], meter["beat_unit"]) + _mark("meter", meter), "meter"
    if sound["bars"] is not None:
        yield "bars", f"{sound['bars']:g}", "bars"
    if key:
        yield "key", f"{key['name']} ({key['camelot']}){_mark('key', key)}", "key"
    elif is_music:
        yield "key", "not known", None
    for name, about in (("kind", "kind"), ("role", "role"), ("class", "sound_class"), ("instrument", "instrument")):
        stated = sound.get(about)
        if stated and stated["value"] is not None:
            yield name, f"{kind_words(stated['value'])}{_mark(about, stated)}", about
    if sound["pitch"] and sound["pitch"]["midi"] is not None:
        yield "pitch", pitch_text(sound["pitch"]["midi"]) + _mark("pitch", sound["pitch"]), "pitch"
    if sound["energy_level"] is not None:
        yield "energy", f"{sound['energy_level']:g} of 10", "energy_level"
    if sound["loudness"]["integrated_lufs"] is not None:
        yield "loudness", f"{sound['loudness']['integrated_lufs']:.1f} LUFS", "loudness"


def _mark(name: str, stated: Mapping[str, Any]) -> str:
    return certainty_of(name, stated.get("confidence")).mark


def _said(sound: Sound, about: str | None) -> str | None:
    """Who says it, and how sure: ``heard, 92 % sure``, ``claimed by the tags``, ``yours``."""
    origin = sound["provenance"].get(about)
    if about is None or origin is None:
        return None
    if origin["source"] == "user":
        return "yours"
    if origin["source"] == "import":
        return f"claimed by {_CLAIMED_BY.get(origin['producer'], origin['producer'])}"
    stated = sound.get(about)
    confidence = stated.get("confidence") if isinstance(stated, dict) else None
    # Nothing that is heard is certain.
    return "heard" if confidence is None else f"heard, {min(confidence, 0.99):.0%} sure".replace("%", f"{NO_BREAK}%")


def _heard_and_claimed(sound: Sound) -> Iterator[tuple[str, str]]:
    """Where somebody claims a tempo or a key: all that was heard of them, and all that is claimed."""
    claimed = {name: told for name, told in sound["evidence"].items() if told["claimed"]}
    if claimed:
        heard = [
            f"no {name}" if told["heard"] is None else f"{_evidence_text(told['heard'])}{_mark(name, told['heard'])}"
            for name, told in claimed.items()
        ]
        says = [
            f"{_evidence_text(each)} by {_CLAIMED_BY.get(each['by'], each['by'])}"
            for told in claimed.values()
            for each in told["claimed"]
        ]
        yield "heard", _listed(heard)
        yield "claimed", _listed(says)


def _evidence_text(told: Mapping[str, Any]) -> str:
    return f"{tempo_number(told['bpm'])} bpm" if "bpm" in told else str(told["name"])


def _lists(sound: Sound) -> Iterator[tuple[str, str]]:
    """What has several values, each in a line or more."""
    if cues := sound["cues"]:
        yield "cues", _spans([(cue["at_s"], _cue_text(cue)) for cue in cues])
    if sections := sound["sections"]:
        yield "sections", _spans([(each["start_s"], each["label"]) for each in sections])
    if len(sound["key_segments"]) > 1:
        yield "keys", _spans([(each["start_s"], each["name"]) for each in sound["key_segments"]])
    if chords := [_chord_text(each["label"]) for each in sound["chords"] if each["label"] != "N"]:
        yield "chords", " ".join(chords[:_SHOWN_SPANS]) + _more(chords)
    for name, values in (
        ("content", [each["label"] for each in sound["content"]]),
        ("faults", [each["code"].replace("_", " ") for each in sound["quality"]]),
        ("tags", [each["label"] for each in sound.get("tags", ())]),
    ):
        if values:
            yield name, ", ".join(dict.fromkeys(values))
    if sound["warnings"]:
        yield "warnings", "; ".join(sound["warnings"])


def _cue_text(cue: Mapping[str, Any]) -> str:
    return f"{cue['name'] or cue['type']}{' (yours)' if cue.get('source') == 'user' else ''}"


def _spans(spans: Sequence[tuple[float, str]]) -> str:
    """Moments and what begins there; no line ends between the two."""
    return _listed([f"{clock(round(at_s, 1))} {label}" for at_s, label in spans[:_SHOWN_SPANS]]) + _more(spans)


def _more(values: Sequence[object]) -> str:
    return f" ... ({len(values)} in all)" if len(values) > _SHOWN_SPANS else ""


def _chord_text(label: str) -> str:
    """A chord as players write it.

    >>> _chord_text("A:min"), _chord_text("F:maj"), _chord_text("G:7")
    ('Am', 'F', 'G7')
    """
    root, _, quality = label.partition(":")
    return root + {"maj": "", "min": "m"}.get(quality, quality.replace("min", "m"))


def _places(sound: Sound) -> Iterator[tuple[str, str]]:
    """Where it is and what it is there, the shop's words, the id, and when it came."""
    if sound["id"] is not None:
        yield "id", sound["id"]
    if (shop := _shop_text(sound)) is not None:
        yield "shop", shop
    audio = sound["audio"]
    if audio["codec"] is not None:
        yield "audio", f"{audio['sample_rate']} Hz, {counted(audio['channels'], 'channel')}, {audio['codec']}"
    places = [
        f"{place['path']}{' (not there)' if place['missing'] else ''}" for place in sound.get("locations", ())
    ] or [sound["path"]]
    if places[0] is not None:
        yield "file" if len(places) == 1 else "files", "\n".join(places)
    if added := sound.get("added_at"):
        yield "added", local_time(added) or ""


def _print_events(regions: Sequence[Mapping[str, Any]]) -> None:
    print_table(
        ["region", ("from", "right"), ("to", "right"), "kind", "class", "key"],
        [
            (
                str(each["number"]),
                clock(each["start_s"]),
                clock(each["end_s"]),
                kind_text(each["kind"]["value"]),
                (each["sound_class"] or {}).get("value"),
                None if each["key"] is None else key_text(Key.parse(each["key"]["name"])),
            )
            for each in regions[:_SHOWN_SPANS]
        ],
        title="\n"
        + counted(len(regions), "event")
        + (f", the first {_SHOWN_SPANS}" if len(regions) > _SHOWN_SPANS else ""),
    )


def _shop_text(sound: Sound) -> str | None:
    """A shop's number, price and address of the sound, as far as they are known."""
    parts = (
        sound.get("external_id"),
        price_text(sound.get("price"), sound.get("currency")),
        sound.get("url"),
    )
    return ", ".join(str(part) for part in parts if part is not None) or None


def pitch_text(midi: float) -> str:
    """A pitch as note name, octave (middle C is C4) and cents.

    >>> pitch_text(69.0), pitch_text(59.8)
    ('A4', 'C4 -20 cents')
    """
    nearest = round(midi)
    name = f"{PITCH_CLASS_NAMES[nearest % 12]}{nearest // 12 - 1}"
    cents = round(100 * (midi - nearest))
    return name if cents == 0 else f"{name} {cents:+d} cents"
