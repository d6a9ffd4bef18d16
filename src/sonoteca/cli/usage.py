"""A command line that cannot be read, told in one sentence that says what is right.

Typer's own sentences name its parts ("Missing argument", "Got unexpected extra argument(s)"). Its errors are told apart
by what they carry, because only one of their classes has a public name.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

import typer

from sonoteca.errors import RequestError

# Of what is wrong with a command line Typer offers one class by name; an unknown option or command is its sister.
UsageError: Any = typer.BadParameter.__bases__[0]

_NO_COMMAND = re.compile(r"No such command '(.*?)'\.", re.DOTALL)
_TOO_MUCH = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)
# What is wrong with a value, by what pydantic calls it.
_WRONG = {
    "int_parsing": "{input!r} is no whole number",
    "float_parsing": "{input!r} is no number",
    "greater_than_equal": "{input} is less than {ge:g}",
    "less_than_equal": "{input} is more than {le:g}",
}


def is_help(error: Any) -> bool:
    """Whether a group of commands was named alone, which is answered with its help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def explained(error: Any, group: Any) -> RequestError:
    """What is wrong with a command line, and what is right.

    Parameters
    ----------
    error : UsageError of Typer
    group : Context of Typer
        Of the program: it knows which command was meant where the error does not.
    """
    context = error.ctx or _meant(group)
    path = _path(context)
    verb = " ".join(path)
    help_ = f"`sonoteca {' '.join([*path, '--help'])}`"
    says_more = f"{help_} says more."
    name = getattr(error, "option_name", None)
    if hasattr(error, "possibilities"):
        near = _near(str(name), [option for each in context.command.params for option in each.opts])
        of = f"{verb} has" if verb else "Before the command there is"
        return RequestError(f"{of} no option {name}.{near}", f"{help_} shows those that there are.")
    if name is not None:
        return RequestError(_about_option(str(name), error.message, context), says_more)
    if hasattr(error, "param_type"):
        return RequestError(_missing(verb, error.param), says_more)
    if getattr(error, "param", None) is not None:
        return RequestError(f"{_called(error.param)}: {_value_words(error)}", says_more)
    if (found := _NO_COMMAND.match(error.message)) is not None:
        near = _near(found[1], list(context.command.commands))
        return RequestError(f"There is no command {' '.join([*path, found[1]])!r}.{near}", f"{help_} shows them all.")
    if (found := _TOO_MUCH.fullmatch(error.message)) is not None:
        takes = " ".join(_called(each) for each in context.command.params if each.param_type_name == "argument")
        return RequestError(
            f"{verb} takes {takes or 'no words'}, and {found[1]!r} stands behind it.",
            f"A name with blanks is put in quotes. {says_more}" if takes else says_more,
        )
    return RequestError(_value_words(error), says_more)


def _path(context: Any) -> list[str]:
    """The words that name a command, without what the program is called by."""
    return [] if context.parent is None else [*_path(context.parent), context.info_name]


def _meant(group: Any) -> Any:
    """The context of the command that was named, as far as it is known."""
    command = group.command.get_command(group, group.invoked_subcommand or "")
    return group if command is None else type(group)(command, info_name=group.invoked_subcommand, parent=group)


def _near(typed: str, words: list[str]) -> str:
    near = difflib.get_close_matches(typed, words, n=2, cutoff=0.6)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def _about_option(name: str, message: str, context: Any) -> str:
    param = next((each for each in context.command.params if name in each.opts), None)
    if "does not take" in message:
        return f"{name} takes no value."
    wanted = "" if param is None else f": {_metavar(param)}"
    return f"{name} needs a value{wanted}."


def _missing(verb: str, param: Any) -> str:
    """What a command needs, and what that is."""
    told = (getattr(param, "help", None) or "").rstrip(".")
    is_option = param.param_type_name == "option"
    needs = f"{_called(param)} {_metavar(param)}" if is_option else _called(param)
    return f"{verb} needs {needs}: {told[:1].lower()}{told[1:]}." if told else f"{verb} needs {needs}."


def _called(param: Any) -> str:
    """A parameter as help shows it: an option by its long name, an argument by its word."""
    if param.param_type_name == "option":
        return str(max(param.opts, key=len))
    return _metavar(param)


def _metavar(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _value_words(error: Any) -> str:
    """What is wrong with a value, and what it has to be."""
    # Typer reads values with pydantic, whose words are those of a programmer.
    for told in error.__cause__.errors() if hasattr(error.__cause__, "errors") else ():
        if (words := _WRONG.get(told["type"])) is not None:
            return words.format(input=told["input"], **told.get("ctx", {})) + "."
    message = error.message.removeprefix("Value error, ")
    if (found := re.fullmatch(r"(.+) is not one of (.+)\.", message)) is not None:
        return f"{found[1]} is none of {found[2].replace(chr(39), '')}."
    return str(message)
