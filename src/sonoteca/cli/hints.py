"""What a remedy is called on the command line: the commands and options that do it.

Errors are told in neutral words (``sonoteca.errors``). Here stands, by error code, which
command helps, and which option a field of a request is given by. A command is written
```sonoteca VERB``` here and in all notes; it is told as the reader called the program, and about
the library that was named, so that it can be typed as it stands.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys

from sonoteca.cli.options import library_named
from sonoteca.errors import SonotecaError

# Said instead of the remedy that an error's class has; a remedy told for one case stays as it is.
_BY_CODE = {
    "ambiguous_arrangement": "Use one of the ids named.",
    "arrangement_not_found": "`sonoteca arrange list` shows the ids.",
    "bad_request": "See --help.",
    "damaged_audio": "Restore the file from its source or a backup, then run `sonoteca retry`.",
    "file_changed": "Run `sonoteca add` again when no other program writes to the file.",
    "library_busy": "Wait for the other command to end, then run this one again.",
    "library_damaged": "Restore a backup with `sonoteca library restore`.",
    "library_error": "Run `sonoteca doctor`.",
    "library_needs_upgrade": "Run `sonoteca library upgrade`: it makes a backup first.",
    "memory": "Run `sonoteca retry --memory-mb` with a larger value.",
    "playlist_not_found": "`sonoteca playlist list` shows the playlists of this library.",
    "query_syntax": "See `sonoteca list --help` for the query language.",
    "sound_not_found": "Use an id, a path, a file's name, 'Artist - Title', or external:ID; "
    "`sonoteca search` finds them by words, `sonoteca list` shows them.",
    "sounds_missing": "Run `sonoteca add FOLDER` on where the files are now, or replace the clips.",
    "space_mismatch": "Embed both sounds with the same embedder version: run `sonoteca add` again.",
    "timeout": "Run `sonoteca retry --timeout-s` with a larger value.",
    "worker_error": "Run `sonoteca retry`; if it fails again, please report the file's format.",
}

# What helps against a finding of a check, by its code.
_BY_FINDING = {
    "integrity": "Run `sonoteca library restore` with a backup.",
    "foreign_key": "Run `sonoteca library restore` with a backup.",
    "vector_length": "Run `sonoteca add --force` on their files.",
    "summaries": "Run `sonoteca library upgrade --rebuild`: it derives them anew.",
    "words": "Run `sonoteca library upgrade --rebuild`: it derives them anew.",
    "index": "Run `sonoteca index rebuild`.",
    "index_file": "Run `sonoteca index rebuild`.",
    "derived_file": "Run `sonoteca index rebuild`.",
}

# Fields whose option has another name. A field that is an argument has no option to name.
_OPTIONS = {
    "k": "--count",
    "limit": "--count",
    "alternatives": "--count",
    "out": "--output",
    "aspects": "--weights",
    "api_keys": "--api-key",
    "allowed_hosts": "--allowed-host",
    "allowed_origins": "--allowed-origin",
    "seed": "--around",
    "random_seed": "--seed",
    "region": "--within",
    "source": "--from",
    "tags": "--tag",
    "sound_class": "--class",
    "cues": "--cue",
    "remove_cues": "--remove-cue",
    "arrangement": None,
    "candidate": None,
    "entries": None,
    "file": None,
    "new_name": None,
    "pairs": None,
    "playlist": None,
    "position": None,
    "query": None,
    "to": None,
    "version": None,
    "a": None,
    "b": None,
    "sounds": None,
    "sound": None,
    "paths": None,
    "words": None,
}


def remedy_of(error: SonotecaError) -> str:
    """What the reader can type; empty where nothing helps."""
    remedy = error.remedy
    if remedy == type(error).default_remedy:
        remedy = _BY_CODE.get(error.code, remedy)
    remedy = as_called(remedy)
    option = None if error.field is None else option_of(error.field)
    if option is None:
        return remedy
    if remedy == _BY_CODE["bad_request"]:
        return f"See {option} in --help."
    # An example is told with the option that it is a value of, so that both can be typed.
    told = re.sub(r"\be\.g\. ([^\s.]+)\.$", rf"e.g. `{option} \1`.", remedy)
    return told if told != remedy else f"{remedy} ({option})"


def remedy_of_finding(code: str, remedy: str) -> str:
    """What the reader of a check can type; ``remedy`` where no command helps."""
    return as_called(_BY_FINDING.get(code, remedy))


def option_of(field: str) -> str | None:
    """The option that gives a field of a request; None for an argument.

    >>> option_of("max_per_file"), option_of("k"), option_of("sounds")
    ('--max-per-file', '--count', None)
    """
    name = field.partition(".")[0]
    return _OPTIONS[name] if name in _OPTIONS else "--" + name.replace("_", "-")


def as_called(text: str) -> str:
    """A text in which every `` `sonoteca VERB` `` is written as it can be typed here.

    >>> as_called("see `sonoteca list --help`")
    'see `sonoteca list --help`'
    """
    text = re.sub(r"`sonoteca ([^`]+)`", lambda found: f"`{call(found[1])}`", text)
    # The pip of this very installation.
    return re.sub(r"(python -m )?pip install", f"{_typed(sys.executable, 'python')} -m pip install", text)


def call(words: str) -> str:
    """How these words of ours are typed here: ``.venv/bin/sonoteca -L mine.sonoteca add FOLDER``."""
    named = library_named()
    about = [] if named is None or words.endswith("--help") else ["-L", shlex.quote(named)]
    return " ".join([program(sys.argv[0], sys.executable), *about, words])


def program(started: str, python: str) -> str:
    """How the program is called that began with the file ``started``, run by ``python``.

    >>> program("/somewhere/bin/pytest", "/usr/bin/python3")
    'sonoteca'
    """
    name = os.path.basename(started).removesuffix(".exe")
    if name == "sonoteca":
        return _typed(started, name)
    if name in ("main.py", "sonoteca_program.py") and os.path.isabs(started):
        return f"{_typed(python, 'python')} -m sonoteca.cli.main"
    return "sonoteca"


def _typed(file: str, name: str) -> str:
    """A program by its name where the shell finds this very file by it, else by its path."""
    found = shutil.which(name)
    path = os.path.abspath(file)
    if found is not None and os.path.abspath(found) == path:
        return name
    inside = os.path.relpath(path)
    return shlex.quote(path if inside.startswith(os.pardir) else inside)
