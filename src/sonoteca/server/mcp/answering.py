"""One call of a tool: its arguments become a request, the front answers it, and the answer is cut to size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sonoteca.errors import RequestError, SoundNotFound
from sonoteca.server.mcp.naming import Naming, settled, with_files
from sonoteca.server.mcp.pages import MOST_ROWS, USUAL_ROWS, digest_of, offset_of, page
from sonoteca.server.mcp.schemas import COUNTS, is_page_of
from sonoteca.server.mcp.tool import Context, Tool


def answer(tool: Tool, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """What a tool answers: see ``pages.page``.

    Raises
    ------
    SonotecaError
        Whatever the front raises, and RequestError for arguments that are none.
    """
    # A null is an argument that was left out.
    values = {name: value for name, value in arguments.items() if value is not None}
    cursor = values.pop("cursor", None) if tool.is_paged else None
    for name in values:
        if name not in tool.arguments:
            known = ", ".join(tool.arguments) or "none"
            raise RequestError(
                f"{tool.name} has no argument {name[:80]!r}.", f"Its arguments are: {known}.", field=name[:80]
            )
    digest = digest_of(tool.name, values)
    offset = 0 if cursor is None else offset_of(str(cursor), digest)
    document = _asked(tool, _paged(tool, values, offset), context)
    return page(tool.tell(document, offset), offset, digest if tool.is_paged else None)


def _paged(tool: Tool, values: Mapping[str, Any], offset: int) -> dict[str, Any]:
    asked = dict(values)
    for name in COUNTS:
        if name in tool.arguments and is_page_of(tool.request):
            count = asked.setdefault(name, USUAL_ROWS)
            if isinstance(count, int) and not 1 <= count <= MOST_ROWS:
                raise RequestError(
                    f"{name} cannot be {count}.",
                    f"A page has 1 to {MOST_ROWS} rows; a cursor gives the next.",
                    field=name,
                )
    if is_page_of(tool.request):
        asked["offset"] = offset
    return asked


def _asked(tool: Tool, values: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
    names = dict(tool.names)
    if values.get("mode") == "hum":
        # A hum is always a file.
        names = {name: Naming.FILE if naming is Naming.SOUND_OR_FILE else naming for name, naming in names.items()}
    found = settled(context.library, names, values)
    if Naming.FILE in names.values():
        return tool.ask(context, tool.request(**found))
    try:
        # Without a listener no file is opened, whatever it is called.
        return tool.ask(Context(context.library, workers=context.workers), tool.request(**found))
    except SoundNotFound:
        if Naming.SOUND_OR_FILE not in names.values():
            raise
    return tool.ask(context, tool.request(**with_files(context.library, names, found)))
