"""A map as an SVG picture: one dot a region, coloured by what it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from sonoteca.errors import FileUnreadable, RequestError
from sonoteca.search.map.sound_map import MapPoint
from sonoteca.search.result_row import RegionFacts
from sonoteca.whole_file import write_whole

_SIDE = 1000
_MARGIN = 16
_LEGEND_WIDTH = 190
_LINE = 26
# Okabe and Ito's colours, which colour-blind people tell apart, and two more; the last is for what is not known.
_COLOURS: Final = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b3a300", "#7a5cc0", "#8c510a", "#3a3a3a",
)  # fmt: skip
_UNKNOWN: Final = "#bdbdbd"

COLOURED_BY: Mapping[str, Callable[[RegionFacts], str | None]] = {
    "kind": lambda facts: facts.kind,
    "role": lambda facts: facts.role,
    "class": lambda facts: facts.sound_class,
    "key": lambda facts: None if facts.key is None else facts.key.camelot,
}


def check_picture_file(path: str | Path) -> None:
    """Refuse the name of another kind of file before the work is done; RequestError for one."""
    if Path(path).suffix.lower() != ".svg":
        raise RequestError(
            f"{Path(path).name} is not the name of an SVG picture.", "Let it end in .svg.", field="output"
        )


def write_map_picture(path: str | Path, points: Sequence[MapPoint], *, coloured_by: str = "role") -> None:
    """Write ``map_svg`` to a file.

    Raises
    ------
    RequestError
        The name does not end in ``.svg``, or there is no such colouring.
    FileUnreadable
        The file cannot be written.
    """
    check_picture_file(path)
    try:
        write_whole(Path(path), map_svg(points, coloured_by=coloured_by).encode())
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be written ({error.strerror}).", "Name another place.") from error


def map_svg(points: Sequence[MapPoint], *, coloured_by: str) -> str:
    """The picture as text; ``coloured_by`` is one of ``COLOURED_BY``.

    The most frequent labels get a colour each, the others share grey with what is unknown. Every dot says on
    hovering which sound it is.
    """
    label_of = COLOURED_BY.get(coloured_by)
    if label_of is None:
        raise RequestError(
            f"Dots cannot be coloured by {coloured_by!r}.", f"It is one of {', '.join(COLOURED_BY)}.", field="colour"
        )
    counts = Counter(label for point in points if (label := label_of(point.facts)) is not None)
    colours = {label: colour for (label, _), colour in zip(counts.most_common(), _COLOURS, strict=False)}
    radius = 6.0 if len(points) < 1_000 else 3.5 if len(points) < 20_000 else 1.5
    inner = _SIDE - 2 * _MARGIN
    groups: dict[str, list[str]] = {colour: [] for colour in (_UNKNOWN, *colours.values())}
    for point in points:
        x, y = _MARGIN + inner * point.x, _MARGIN + inner * (1.0 - point.y)
        name = escape((point.facts.path or point.facts.title or point.facts.id).rsplit("/", 1)[-1])
        colour = colours.get(label_of(point.facts) or "", _UNKNOWN)
        groups[colour].append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}"><title>{name}</title></circle>')
    dots = [
        f'<g fill="{colour}" fill-opacity="0.75">\n' + "\n".join(circles) + "\n</g>"
        for colour, circles in groups.items()
        if circles
    ]
    legend = [(colour, f"{label} ({counts[label]})") for label, colour in colours.items()]
    if groups[_UNKNOWN]:
        legend.append((_UNKNOWN, f"other or unknown ({len(groups[_UNKNOWN])})"))
    lines = [
        f'<circle cx="{_SIDE + 12}" cy="{_MARGIN + _LINE * (line + 0.5):.0f}" r="7" fill="{colour}"/>'
        f'<text x="{_SIDE + 26}" y="{_MARGIN + _LINE * (line + 0.5) + 5:.0f}">{escape(text)}</text>'
        for line, (colour, text) in enumerate(legend)
    ]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE + _LEGEND_WIDTH} {_SIDE}"'
            ' font-family="sans-serif" font-size="15">',
            '<rect width="100%" height="100%" fill="white"/>',
            *dots,
            *lines,
            "</svg>\n",
        )
    )
