"""The tools and resources of a library as a server of the protocol, over whichever transport it runs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import anyio.to_thread
import mcp_types as types
from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError

from sonoteca import (
    DescribeRequest,
    Library,
    Listener,
    __version__,
    describe_sound,
    list_arrangements,
    open_arrangement,
)
from sonoteca.domain.request import Request
from sonoteca.errors import EditsRefused, RequestError, SonotecaError
from sonoteca.server.mcp.answering import answer
from sonoteca.server.mcp.bounds import ANSWER_BYTES, RESOURCE_BYTES, bounded
from sonoteca.server.mcp.pages import USUAL_ROWS
from sonoteca.server.mcp.rows import whole
from sonoteca.server.mcp.tasks import Task, Tasks
from sonoteca.server.mcp.tool import Context, Tool
from sonoteca.server.mcp.tools import tools

logger = logging.getLogger(__name__)

# A call that takes longer is answered with the id of its task, well within five seconds.
WAIT_S = 4.0
_STEP_S = 0.5
_SOUND, _ARRANGEMENT = "sonoteca://sound/", "sonoteca://arrangement/"
_JSON = "application/json"
_INSTRUCTIONS = (
    "A catalogue of recorded sound: tracks, loops, one-shots and field recordings, with what was heard in them. "
    "Begin with facets or list. Answers are compact: show tells all of one sound. "
    "Where an answer has a cursor, ask the same again with it for the rows that follow. "
    "Where it has a task instead, ask the tool task for the answer."
)


class TaskAsked(Request):
    """Which call is asked after.

    Attributes
    ----------
    task : str
        The id that the call was answered with.
    """

    task: str


_TASK = Tool(
    "task",
    "Ask after a call that takes long",
    "The answer of a call that was answered with a task, or how long it is under way. It waits a little for its end.",
    TaskAsked,
    lambda context, request: {},
    whole,
    is_paged=False,
)

Asked = ServerRequestContext[Any, Any]


def make_server(
    library: Library,
    listener: Listener,
    *,
    may_edit: Callable[[Asked], bool],
    is_ending: Callable[[], bool] = lambda: False,
) -> Server[Any]:
    """A server of the protocol.

    Parameters
    ----------
    library : Library
        Open as long as it serves.
    listener : Listener
        Hears files inside the library's roots.
    may_edit : callable
        Whether who asked may change the library; tools that do are not even listed for others.
    is_ending : callable
        Whether the process is about to end: then no call is waited for any more.
    """
    voice = _Voice(Context(library, listener, listener), may_edit, is_ending)
    return Server(
        "sonoteca",
        version=__version__,
        title="Sonoteca",
        instructions=_INSTRUCTIONS,
        get_tool_input_schema=voice.input_schema,
        on_list_tools=voice.list_tools,
        on_call_tool=voice.call_tool,
        on_list_resources=voice.list_resources,
        on_list_resource_templates=voice.list_resource_templates,
        on_read_resource=voice.read_resource,
    )


class _Voice:
    """What the server answers: requests of the protocol become questions of the front, asked in other threads."""

    def __init__(self, context: Context, may_edit: Callable[[Asked], bool], is_ending: Callable[[], bool]) -> None:
        self._context = context
        self._may_edit = may_edit
        self._is_ending = is_ending
        self._tasks = Tasks()
        self._tools = {**tools(), _TASK.name: _TASK}

    def input_schema(self, name: str) -> Mapping[str, Any] | None:
        """The schema of a tool's arguments; None if there is no such tool."""
        tool = self._tools.get(name)
        return None if tool is None else tool.input_schema

    async def list_tools(self, asked: Asked, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        may_edit = self._may_edit(asked)
        return types.ListToolsResult(
            tools=[_described(tool) for tool in self._tools.values() if may_edit or not tool.changes]
        )

    async def call_tool(self, asked: Asked, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = self._tools.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"There is no tool {params.name[:80]!r}.")
        arguments = params.arguments or {}
        try:
            if tool is _TASK:
                return await self._wait(asked, self._task(arguments))
            if tool.changes and not self._may_edit(asked):
                raise EditsRefused(f"{tool.name} would change the library, and only reading is allowed here.")
            task = self._tasks.begin(tool.name, lambda: answer(tool, arguments, self._context))
            return await self._wait(asked, task)
        except SonotecaError as error:
            return _failed(error)

    def _task(self, arguments: Mapping[str, Any]) -> Task:
        request = TaskAsked(**{str(name): value for name, value in arguments.items() if name in TaskAsked.model_fields})
        task = self._tasks.find(request.task)
        if task is None:
            raise RequestError(
                f"There is no task {request.task[:80]!r}.",
                "It ended long ago, or the program was started anew since: ask the tool again.",
                field="task",
            )
        return task

    async def _wait(self, asked: Asked, task: Task) -> types.CallToolResult:
        """The answer of a call if it comes soon, else its id; who asked for progress is told that it goes on."""
        waited_s = 0.0
        while waited_s < WAIT_S and not self._is_ending():
            if await anyio.to_thread.run_sync(task.finished.wait, _STEP_S, abandon_on_cancel=True):
                return _finished(task)
            waited_s += _STEP_S
            await asked.session.report_progress(round(task.elapsed_s, 1), None, f"{task.tool} is under way")
        told = {
            "task": {"id": task.id, "tool": task.tool, "state": "running", "elapsed_s": round(task.elapsed_s, 1)},
            "message": "It takes a while: ask the tool `task` with this id for the answer.",
        }
        return _result(told)

    async def list_resources(
        self, asked: Asked, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        kept = await _in_thread(lambda: list_arrangements(self._context.library).rows[:USUAL_ROWS])
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=f"{_ARRANGEMENT}{each.public_id}",
                    name=each.public_id,
                    title=(each.title or each.public_id)[:100],
                    mime_type=_JSON,
                )
                for each in kept
            ]
        )

    async def list_resource_templates(
        self, asked: Asked, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(
                    uri_template=f"{_SOUND}{{id}}",
                    name="sound",
                    title="Sound",
                    description="Everything that is known of one sound.",
                    mime_type=_JSON,
                ),
                types.ResourceTemplate(
                    uri_template=f"{_ARRANGEMENT}{{id}}",
                    name="arrangement",
                    title="Arrangement",
                    description="An arrangement with its sections and clips.",
                    mime_type=_JSON,
                ),
            ]
        )

    async def read_resource(self, asked: Asked, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(params.uri)
        try:
            document = await _in_thread(lambda: self._document(uri))
        except SonotecaError as error:
            raise MCPError(types.INVALID_PARAMS, error.message[:300], bounded(error.as_json(), ANSWER_BYTES)) from None
        text = json.dumps(bounded(document, RESOURCE_BYTES), ensure_ascii=False, allow_nan=False)
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, mime_type=_JSON, text=text)])

    def _document(self, uri: str) -> Mapping[str, Any]:
        library = self._context.library
        if uri.startswith(_SOUND):
            return describe_sound(library, DescribeRequest(sound=unquote(uri.removeprefix(_SOUND)))).as_json()
        if uri.startswith(_ARRANGEMENT):
            name = unquote(uri.removeprefix(_ARRANGEMENT))
            return open_arrangement(library, name, listener=self._context.workers).as_json()
        raise RequestError(f"{uri[:80]!r} is no resource of a library.", f"Write {_SOUND}ID or {_ARRANGEMENT}ID.")


async def _in_thread(work: Callable[[], Any]) -> Any:
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=not tool.changes,
            destructive_hint=tool.destroys,
            idempotent_hint=not tool.changes,
            # Nothing but the library and its folders is asked.
            open_world_hint=False,
        ),
    )


def _finished(task: Task) -> types.CallToolResult:
    if isinstance(task.error, SonotecaError):
        return _failed(task.error)
    if task.error is not None or task.answer is None:
        logger.error("the tool %s failed", task.tool, exc_info=task.error)
        return _failed(SonotecaError(f"The tool {task.tool} failed."))
    return _result(task.answer)


def _failed(error: SonotecaError) -> types.CallToolResult:
    return _result(bounded({"error": error.as_json()}, ANSWER_BYTES), is_error=True)


def _result(told: dict[str, Any], *, is_error: bool = False) -> types.CallToolResult:
    text = json.dumps(told, ensure_ascii=False, allow_nan=False)
    return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=told, is_error=is_error)
