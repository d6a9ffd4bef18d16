"""A sound object as a person reads it, and the columns of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sonoteca.cli.output import clock, print_pairs, print_table
from sonoteca.domain.music import PITCH_CLASS_NAMES

_SHOWN_SPANS = 12


def print_sound(sound: Mapping[str, Any]) -> None:
    """The facts of one sound object, unknown ones as a dash."""
    audio, loudness = sound["audio"], sound["loudness"]
    pairs: dict[str, object] = {
        "id": sound["id"],
        "path": sound["path"],
    }
    if (shop := _shop_text(sound)) is not None:
        pairs["shop"] = shop
    pairs["audio"] = (
        None
        if audio["codec"] is None
        else f"{clock(audio['duration_s'])}, {audio['sample_rate']} Hz, {audio['channels']} ch, {audio['codec']}"
    )
    if sound["error"] is not None:
        error = sound["error"]
        print_pairs({**pairs, "failed": f"[{error['code']}] {error['message']}", "remedy": error["remedy"]})
        return
    pairs |= {
        "kind": _sure(sound["kind"]),
        "role": _sure(sound["role"]),
        "class": _sure(sound["sound_class"]),
        "tempo": tempo_text(sound["tempo"]),
        "meter": None if not sound["meter"] else f"{sound['meter']['beats_per_bar']}/{sound['meter']['beat_unit']}",
        "bars": sound["bars"],
        "key": None
        if not sound["key"]
        else f"{sound['key']['name']} ({sound['key']['camelot']}){_doubt(sound['key'])}",
        "pitch": None if not sound["pitch"] else pitch_text(sound["pitch"]["midi"]),
        "loudness": None if loudness["integrated_lufs"] is None else f"{loudness['integrated_lufs']:.1f} LUFS",
        "energy": sound["energy_level"],
        "content": ", ".join(dict.fromkeys(span["label"] for span in sound["content"])) or None,
        "quality": ", ".join(fault["code"] for fault in sound["quality"]) or None,
        "tags": ", ".join(tag["label"] for tag in sound.get("tags", ())) or None,
    }
    pairs |= {
        name: f"{value:.3g}" if isinstance(value, float) else value
        for name, value in sound["descriptors"].items()
        if value is not None
    }
    if sound["warnings"]:
        pairs["warnings"] = "; ".join(sound["warnings"])
    print_pairs(pairs)
    _print_spans("chords", sound["chords"])
    _print_spans("sections", sound["sections"])
    regions = sound["regions"]
    if regions:
        print_table(
            ["region", ("from", "right"), ("to", "right"), "kind", "class", "key"],
            [
                (
                    each["number"],
                    clock(each["start_s"]),
                    clock(each["end_s"]),
                    each["kind"]["value"],
                    (each["sound_class"] or {}).get("value"),
                    (each["key"] or {}).get("name"),
                )
                for each in regions[:_SHOWN_SPANS]
            ],
            title=f"{len(regions)} events" + (f", the first {_SHOWN_SPANS}" if len(regions) > _SHOWN_SPANS else ""),
        )


def print_origins(sound: Mapping[str, Any]) -> None:
    """Where the files of a sound are, and who said each of its values."""
    print_table(
        ["place", "state"],
        [(place["path"], "missing" if place["missing"] else "on disk") for place in sound["locations"]],
    )
    print_table(
        ["value", "source", "producer", ("version", "right"), "at"],
        [
            (name, origin["source"], origin["producer"], origin["version"], origin["at"])
            for name, origin in sound["provenance"].items()
        ],
        title="who says so",
    )


def _print_spans(name: str, spans: Sequence[Mapping[str, Any]]) -> None:
    if spans:
        shown = "  ".join(f"{clock(each['start_s'])} {each['label']}" for each in spans[:_SHOWN_SPANS])
        print_pairs({name: shown + (" ..." if len(spans) > _SHOWN_SPANS else "")})


def _shop_text(sound: Mapping[str, Any]) -> str | None:
    """A shop's number, price and address of the sound, as far as they are known."""
    price = sound.get("price")
    parts = (
        sound.get("external_id"),
        None if price is None else f"{price:.2f} {sound.get('currency') or ''}".rstrip(),
        sound.get("url"),
    )
    return ", ".join(str(part) for part in parts if part is not None) or None


def _sure(labelled: Mapping[str, Any] | None) -> str | None:
    if labelled is None or labelled["value"] is None:
        return None
    return f"{labelled['value']}{_doubt(labelled)}"


def _doubt(stated: Mapping[str, Any]) -> str:
    """A confidence is worth mentioning where it is not high."""
    confidence = stated.get("confidence")
    return "" if confidence is None or confidence >= 0.9 else f"  ({confidence:.0%} sure)"


def tempo_text(tempo: Mapping[str, Any] | None) -> str | None:
    return None if not tempo or tempo["bpm"] is None else f"{tempo['bpm']:.4g} bpm{_doubt(tempo)}"


def pitch_text(midi: float) -> str:
    """A pitch as note name, octave (middle C is C4) and cents.

    >>> pitch_text(69.0), pitch_text(59.8)
    ('A4', 'C4 -20 cents')
    """
    nearest = round(midi)
    name = f"{PITCH_CLASS_NAMES[nearest % 12]}{nearest // 12 - 1}"
    cents = round(100 * (midi - nearest))
    return name if cents == 0 else f"{name} {cents:+d} cents"
