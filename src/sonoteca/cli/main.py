"""``sonoteca VERB``: the application object and the one place where errors become exit codes.

Command groups import what they need inside their functions, so that ``--help`` is instant.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

if __name__ == "__main__":
    # `python -m sonoteca.cli.main` begins where the installed program does: what is loaded below takes a while.
    from sonoteca_program import main as program

    program()
    sys.exit()

import typer
from typer.core import TyperGroup

from sonoteca import __version__
from sonoteca.cli import (
    add,
    audit,
    demo,
    doctor,
    edit,
    gaps,
    hum,
    index,
    inspect,
    interrupts,
    lint,
    list,
    mcp,
    next,
    open_page,
    path,
    plugins,
    preview,
    remove,
    retry,
    search,
    serve,
    set,
    show,
    similar,
    tap,
    undo,
    worker,
)
from sonoteca.cli.arguments import shield
from sonoteca.cli.arrange import group as arrange
from sonoteca.cli.events import group as events
from sonoteca.cli.import_ import group as import_group
from sonoteca.cli.knowledge import group as knowledge_group
from sonoteca.cli.library import group as library_group
from sonoteca.cli.match import group as match
from sonoteca.cli.models import group as models_group
from sonoteca.cli.options import DataDirOption, LibraryOption, remember_data_dir, remember_library
from sonoteca.cli.playlist import group as playlist_group
from sonoteca.cli.usage import UsageError, explained, is_help

if TYPE_CHECKING:
    from sonoteca.errors import SonotecaError


class _Commands(TyperGroup):
    """The commands; what a person mistypes is told of in our words, and Ctrl-C is no "Aborted!"."""

    def parse_args(self, ctx: Any, args: Any) -> Any:
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            _end_usage(error, ctx)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise typer.Exit(interrupts.EXIT_CODE) from stop
        except typer.Abort as abort:
            # At a question, where Ctrl-C looks like a no.
            if interrupts.have_come():
                raise typer.Exit(interrupts.EXIT_CODE) from abort
            raise
        except UsageError as error:
            _end_usage(error, ctx)


def _end_usage(error: Any, ctx: Any) -> NoReturn:
    """Say what is wrong with the command line; of a group that was named alone Typer shows the help."""
    if is_help(error):
        raise error
    from sonoteca.cli.output import print_error

    told = explained(error, ctx)
    _tell_program(told)
    print_error(told)
    raise typer.Exit(told.exit_code) from error


app = typer.Typer(
    cls=_Commands,
    name="sonoteca",
    help="Listens to everything you have recorded, keeps what it heard, and answers questions about it.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"sonoteca {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    remember_library(library)
    remember_data_dir(data_dir)


for group in (
    add,
    inspect,
    retry,
    demo,
    list,
    show,
    search,
    similar,
    hum,
    tap,
    match,
    arrange,
    next,
    set,
    path,
    lint,
    playlist_group,
    knowledge_group,
    edit,
    undo,
    remove,
    audit,
    gaps,
    events,
    import_group,
    library_group,
    index,
    models_group,
    plugins,
    doctor,
    preview,
    open_page,
    serve,
    mcp,
    worker,
):
    group.register(app)


def main() -> None:
    """Run the command line.

    Exit codes: 0 ok, 1 some items failed, 2 usage, 3 the library cannot be used, 130 stopped by Ctrl-C.
    """
    with interrupts.remembered():
        try:
            _run()
        except BaseException as error:
            # Whatever the interrupt became on its way up.
            if not interrupts.have_come() and not isinstance(error, KeyboardInterrupt):
                raise
            interrupts.end()


def _run() -> None:
    from sonoteca.errors import OutputUnwritable, SonotecaError

    _open_streams()
    try:
        try:
            app(args=shield(sys.argv[1:]))
        finally:
            # Here a full disk can be told of; at the end of the process it would be a traceback.
            sys.stdout.flush()
    except SonotecaError as error:
        if interrupts.have_come():
            raise
        _end_with(error)
    except BrokenPipeError:
        # The reader of our output (`| head`) went away; there is nobody left to tell.
        from sonoteca.cli.output import drop_output

        drop_output()
        sys.exit(0)
    except OSError as error:
        # Errors about files are told as ours, and these have a name; what is left without one is stdout's.
        if error.filename is not None:
            raise
        _end_with(OutputUnwritable(f"The output could not be written ({error.strerror or error})."))


def _end_with(error: SonotecaError) -> NoReturn:
    from sonoteca.cli.output import drop_output, print_error
    from sonoteca.errors import OutputUnwritable

    if isinstance(error, OutputUnwritable):
        drop_output()
    else:
        _tell_program(error)
    print_error(error)
    sys.exit(error.exit_code)


def _tell_program(error: SonotecaError) -> None:
    """The error on stdout too, where JSON was asked for; the sentence stands on stderr in any case."""
    words = sys.argv[1:]
    if "--json" in (words[: words.index("--")] if "--" in words else words):
        from sonoteca.cli.output import print_json

        print_json({"error": error.as_json()})


def _open_streams() -> None:
    """A stream that was closed before the start swallows what comes; a character it lacks is replaced."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Stays open to the end: it stands where nothing else may be opened.
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace" if name == "stdout" else "backslashreplace")
