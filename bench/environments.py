"""Recordings of environments that Debian's games bring along, classed by what their names say they are.

Measured where the packages are installed: widelands-data, wesnoth-data, tuxpaint-stamps-default, unknown-horizons.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

SHARE = Path("/usr/share")
_PACKAGES = ("games/widelands/data", "games/wesnoth", "tuxpaint/stamps", "unknown-horizons/content/audio/sounds")
# Of a class, what the names of its files begin with.
_RECORDED: dict[str, str] = {
    "birds": "bird|blackbird|crow|cuckoo|lark|owl|seagull|quetzal|morning",
    "fowl": "duck|drake$|gander|hen|rooster|turkey",
    "wolves": "wolf-growl|wolf_|coyote|dog$|fox$|lion|tiger|bear$",
    "cattle": "sheep|ox_|cow|goat|mountaingoat|ram$|bull|bison|moose|stag|deer|camel|donkey",
    "horses": "horse",
    "insects": "cricket|bee$|grasshopper|hornet|mosquito|night",
    "sawing": "benchsaw|sawing|sawmill|saw$",
    "hammering": "hammer|smith|toolsmith|geologist",
    "stone": "stonecutter|stonemason|stonegrind|mortar",
    "chopping": "woodcutting|fast_woodcutting|lumberjack",
    "crowd": "inn_|biginn|tavern|main_square|chapel",
    "bubbling": "winebubble|beerbubble|kettle|potion",
    "mill": "mill_turning|windmill|weav|goldspin",
    "fire": "campfire|furnace|fire$|flame|torch|melee-fire|fizzle|blackwood",
}
_SPEECH_OR_MUSIC = re.compile(r"_desc|_[a-z]{2}(_[a-z]{2})?\.ogg$|/music/|/voice", re.IGNORECASE)


def recorded_environments(share: Path = SHARE) -> list[tuple[Path, str]]:
    """Files of the installed packages and their classes, of classes with at least three."""
    found = []
    for package in _PACKAGES:
        for path in sorted((share / package).rglob("*")):
            if path.suffix not in (".ogg", ".wav") or _SPEECH_OR_MUSIC.search(str(path)):
                continue
            stem = path.stem.lower()
            label = next((name for name, begins in _RECORDED.items() if re.match(f"({begins})", stem)), None)
            if label is not None:
                found.append((path, label))
    counts = Counter(label for _, label in found)
    return [(path, label) for path, label in found if counts[label] >= 3]
