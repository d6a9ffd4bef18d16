"""Writes the reference pages that are made from the program itself: the front, commands, settings, errors, descriptors.

    python docs/reference_pages.py          write them (``make docs``)
    python docs/reference_pages.py --check  only say which of them are not as they would be written

What stands on these pages is asked from the program: the commands from the application that runs
them, the settings from the class that reads them, the errors from their classes and the descriptors
from the module that defines them. So a page cannot say anything else than the program does.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

DOCS = Path(__file__).parent
NOTE = "<!-- Made by docs/reference_pages.py (make docs): what is changed here by hand is lost. -->"


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table; a bar or a line break inside a cell stays inside it."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        lines.append("| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in row) + " |")
    return "\n".join(lines)


# --- commands -----------------------------------------------------------------------------------


# What is written of a parameter is only what every version of Typer tells alike.
KINDS_OF_VALUES: Mapping[Any, str] = {int: "INTEGER", float: "NUMBER", Path: "PATH"}


def is_shown(parameter: Any) -> bool:
    """Whether ``--help`` would show it, the help option itself left out."""
    return not getattr(parameter, "hidden", False) and parameter.name not in (
        "help",
        "install_completion",
        "show_completion",
    )


def kind_of_value(annotation: Any) -> str:
    """What to type for a value of this type; the choices of an enumeration or a literal."""
    inner = [each for each in get_args(annotation) if each is not type(None)]
    if get_origin(annotation) is Literal:
        return "|".join(map(str, inner))
    if inner:
        return kind_of_value(inner[0])
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "|".join(str(each.value) for each in annotation)
    return KINDS_OF_VALUES.get(annotation, "TEXT")


def spelled(parameter: Any, annotation: Any) -> str:
    """An option or argument as it is typed."""
    if parameter.param_type_name == "argument":
        name = (parameter.metavar or parameter.name.upper()) + ("..." if parameter.nargs == -1 else "")
        return f"`{name}`" if parameter.required or name.startswith("[") else f"`[{name}]`"
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    return names if parameter.is_flag else f"{names} `{parameter.metavar or kind_of_value(annotation)}`"


def default_of(parameter: Any) -> str:
    """The default, if it is a plain value that says something."""
    value = parameter.default
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or value == "":
        return ""
    return f"`{value}`"


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """All commands below one, with how they are called, in the order of ``--help``."""
    for name, inner in getattr(command, "commands", {}).items():
        if not inner.hidden:
            yield f"{path} {name}", inner
            yield from commands(inner, f"{path} {name}")


def command_section(path: str, command: Any) -> str:
    """One command: how it is called, what it does, its arguments and options."""
    types = get_type_hints(command.callback) if command.callback else {}
    shown = [parameter for parameter in command.params if is_shown(parameter)]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    options = [parameter for parameter in shown if parameter.param_type_name == "option"]
    rows = [
        (spelled(parameter, types.get(parameter.name)), parameter.help or "", default_of(parameter))
        for parameter in [*arguments, *options]
    ]
    usage = [path, *(row[0].strip("`") for row in rows[: len(arguments)])]
    usage += (["[OPTIONS]"] if options else []) + (["COMMAND"] if getattr(command, "commands", None) else [])
    parts = [f"{'#' * (1 + len(path.split()))} {path}", "    " + " ".join(usage)]
    if command.help:
        parts.append("\n\n".join(" ".join(block.split()) for block in command.help.split("\n\n")))
    if rows:
        parts.append(table(("", "", "default"), rows))
    if command.epilog:
        # "\b" and a heading stand before the lines of examples.
        calls = [line.strip() for line in command.epilog.splitlines()[2:]]
        parts.append("\n".join(["```", *calls, "```"]))
    return "\n\n".join(parts)


def commands_page() -> str:
    """Every command with its arguments and options."""
    import typer

    from sonoteca.cli.main import app

    root = typer.main.get_command(app)
    every = [("sonoteca", root), *commands(root, "sonoteca")]
    text = "Every command takes `-h` or `--help`; all of them take `--json`. Exit codes are on [errors](errors.md)."
    return "\n\n".join(["# Commands", NOTE, text, *(command_section(path, command) for path, command in every)])


# --- settings -----------------------------------------------------------------------------------


def settings_page() -> str:
    """Every setting with its variable, default and meaning."""
    from sonoteca.settings import ServerSettings, Settings

    prefix = Settings.model_config.get("env_prefix", "")
    rows = []
    for name, field in (Settings.model_fields | ServerSettings.model_fields).items():
        if field.default_factory is not None:
            default = (getattr(field.default_factory, "__doc__", None) or "").strip().rstrip(".")
        else:
            default = "none" if field.default in (None, ()) else f"`{field.default}`"
        bounds = ", ".join(
            f"{sign} {value}"
            for attribute, sign in (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))
            for rule in field.metadata
            if (value := getattr(rule, attribute, None)) is not None
        )
        rows.append((f"`{name}`", f"`{(prefix + name).upper()}`", field.description or "", bounds, default))
    text = (
        "Settings are read from the environment, once, by the program's edge; an option of a command wins over them. "
        "Below the edge they travel as ordinary arguments."
    )
    heads = ("setting", "variable", "meaning", "range", "default")
    return "\n\n".join(["# Settings", NOTE, text, table(heads, rows)])


# --- errors -------------------------------------------------------------------------------------


def error_classes() -> list[type[Any]]:
    """All errors a person can meet, also those that modules other than ``errors`` define, by code."""
    import sonoteca
    from sonoteca.errors import SonotecaError, StoredFailure

    for module in pkgutil.walk_packages(sonoteca.__path__, "sonoteca."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, waiting = {SonotecaError}, [SonotecaError]
    while waiting:
        for inner in waiting.pop().__subclasses__():
            if inner not in found and inner.__module__.startswith("sonoteca."):
                found.add(inner)
                waiting.append(inner)
    # A failure as the catalogue kept it has the code of the error that it was; a class without a code of its own is
    # what others are made from.
    found -= {StoredFailure}
    return sorted((kind for kind in found if "code" in vars(kind)), key=lambda kind: kind.code)


def errors_page() -> str:
    """Every error code with its meaning, remedy, HTTP status and exit code."""
    rows = [
        (
            f"`{kind.code}`",
            (kind.__doc__ or "").strip().split("\n\n")[0],
            kind.default_remedy,
            str(kind.http_status),
            str(kind.exit_code),
        )
        for kind in error_classes()
    ]
    text = (
        'With `--json` a command that fails prints `{"error": {"code", "message", "remedy", "field"}}` on stdout, with `candidates` '
        "where a name may have meant several sounds; the sentence stands on stderr in any case.\n\n"
        "An error has a code, a sentence that shows the offending value, the field of the request it speaks of where there "
        "is one, and a remedy. The command line adds its own option or command to the remedy. Exit codes: 0 all is well, "
        "1 some items failed, 2 the question was wrong, 3 the library cannot be used. What failed in an `add` is kept with "
        "its code and shown by `audit`."
    )
    heads = ("code", "meaning", "remedy, where the error gives no better one", "HTTP", "exit")
    return "\n\n".join(["# Errors", NOTE, text, table(heads, rows)])


# --- descriptors --------------------------------------------------------------------------------


def descriptors() -> list[Any]:
    """All descriptors, in the order in which they are defined."""
    from sonoteca.domain import descriptor

    return [value for value in vars(descriptor).values() if isinstance(value, descriptor.Descriptor)]


def descriptors_page() -> str:
    """Every descriptor with its meaning, unit and range."""

    def bounds(low: float | None, high: float | None) -> str:
        if low is None and high is None:
            return ""
        return f"{'' if low is None else format(low, 'g')}..{'' if high is None else format(high, 'g')}"

    rows = [(f"`{each.name}`", each.meaning, each.unit, bounds(each.low, each.high)) for each in descriptors()]
    text = (
        "What can be said about a region. An analyzer states a descriptor's value with a confidence or none; what is not "
        "known is not stated. How they stand in JSON is on [the sound object](sound-object.md)."
    )
    return "\n\n".join(["# Descriptors", NOTE, text, table(("descriptor", "meaning", "unit", "range"), rows)])


# --- the front ----------------------------------------------------------------------------------


SUBJECTS: Mapping[str, str] = {
    "catalogue": "Libraries and what stands in them",
    "ingest": "Listening and adding",
    "domain": "Listening and adding",
    "search": "Asking, finding, correcting",
    "match": "What goes with what",
    "knowledge": "Advice",
    "sequence": "What comes next, sets, playlists",
    "arrange": "Arrangements and previews",
    "media": "Playing and seeing a sound",
    "interchange": "Files of other programs",
    "plugins": "This installation",
    "upkeep": "This installation",
    "server": "The server",
    "settings": "The server",
    "jobs": "Work that waits and runs",
}


def front_page() -> str:
    """Every public name with the sentence that says what it is, by subject, functions first."""
    import sonoteca

    sections: dict[str, list[tuple[str, str]]] = {subject: [] for subject in SUBJECTS.values()}
    for name in sorted(vars(sonoteca)["__all__"], key=lambda name: (name[0].isupper(), name.lower())):
        public = getattr(sonoteca, name)
        package = public.__module__.split(".")[1]
        sections[SUBJECTS[package]].append((f"`{name}`", first_sentence(public)))
    text = [
        "# The public front",
        NOTE,
        "Every name that `import sonoteca` offers; [python.md](python.md) shows how they are used. A module below is an inner room: it may",
        "move, these names stay.",
    ]
    for subject, names in sections.items():
        text += ["", f"## {subject}", "", table(("name", "what it is"), names)]
    return "\n".join(text)


def first_sentence(public: Any) -> str:
    """The first line of the docstring."""
    return (public.__doc__ or "").strip().partition("\n")[0].replace("``", "`")


PAGES: Mapping[str, Callable[[], str]] = {
    "front.md": front_page,
    "commands.md": commands_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "descriptors.md": descriptors_page,
}


def stale() -> list[str]:
    """The pages that are not as they would be written now."""
    return [
        name
        for name, make in PAGES.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != make() + "\n"
    ]


def main() -> int:
    """Write what is stale, or with ``--check`` only name it."""
    names = stale()
    if "--check" in sys.argv[1:]:
        sys.stdout.writelines(f"docs/{name} is not as the program is: make docs\n" for name in names)
        return 1 if names else 0
    for name in names:
        (DOCS / name).write_text(PAGES[name]() + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
