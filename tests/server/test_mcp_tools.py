"""Tools for assistants: what they offer, what they answer, and what they never do."""

from __future__ import annotations

import json
import shutil
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")

from mcp.client import Client

import sonoteca
from assistant_samples import N_TRACKS, Assistant, make_library
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.server.mcp import protocol
from sonoteca.server.mcp.bounds import ANSWER_BYTES, RESOURCE_BYTES, plain, size_of
from sonoteca.server.mcp.tools import tools

CHANGING = sorted(name for name, tool in tools().items() if tool.changes)
READING = sorted(name for name, tool in tools().items() if not tool.changes)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("assistant") / "library.sonoteca")


@pytest.fixture(scope="module")
def assistant(made: Path) -> Iterator[Assistant]:
    """One that may only read."""
    with open_library(made, mode="read") as library:
        yield Assistant(library)


@pytest.fixture
def editor(made: Path, tmp_path: Path) -> Iterator[Assistant]:
    """One that may change a library of its own."""
    path = Path(shutil.copy(made, tmp_path / "library.sonoteca"))
    with open_library(path) as library:
        yield Assistant(library, allow_edits=True)


@pytest.fixture(scope="module")
def music(made: Path) -> Path:
    return made.parent / "music"


def ids_of(answer: dict[str, Any]) -> list[str]:
    return [row["id"] for row in answer["rows"]]


# --- what is offered ------------------------------------------------------------------------------


def test_who_may_only_read_is_offered_nothing_that_changes_the_library(assistant: Assistant) -> None:
    offered = assistant.ask(lambda client: client.list_tools()).tools
    assert {tool.name for tool in offered} == {*READING, "task"}
    assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in offered)


def test_tools_that_change_say_so_and_whether_something_gives_way(editor: Assistant) -> None:
    offered = {tool.name: tool.annotations for tool in editor.ask(lambda client: client.list_tools()).tools}
    changing = {name for name, told in offered.items() if told is not None and told.read_only_hint is False}
    assert changing == set(CHANGING)
    additive = {name for name in changing if (told := offered[name]) is not None and told.destructive_hint is False}
    assert additive == {"playlist_add", "match_choice", "arrange"}


@pytest.mark.parametrize("name", [*READING, *CHANGING])
def test_a_schema_stands_alone_and_asks_for_what_the_request_asks_for(name: str) -> None:
    tool = tools()[name]
    schema = tool.input_schema
    assert "$ref" not in json.dumps(schema)
    assert "null" not in json.dumps(schema)
    assert set(schema["properties"]) - {"cursor"} == set(tool.arguments) <= set(tool.request.model_fields)
    needed = {field for field, told in tool.request.model_fields.items() if told.is_required()}
    assert set(schema.get("required", ())) == needed


@pytest.mark.parametrize("name", CHANGING)
def test_a_tool_that_changes_is_refused_where_only_reading_is_allowed(assistant: Assistant, name: str) -> None:
    assert assistant.error(name)["code"] == "edits_refused"


def test_a_question_about_the_craft_is_answered_with_advice(assistant: Assistant, editor: Assistant) -> None:
    # One library may only be read, and answers with what ships.
    for asked in (assistant, editor):
        told = asked.call("knowledge", question="vocals sound muddy")
        assert told["mode"] == "full_text"
        assert told["rows"][0]["suggestion"]["title"] == "Clear a muddy vocal"
        assert told["rows"][0]["reasons"]


@pytest.mark.parametrize(("tool", "arguments"), [("advice", {"sound": "t01.wav"})])
def test_what_comes_later_says_so(assistant: Assistant, tool: str, arguments: dict[str, Any]) -> None:
    error = assistant.error(tool, **arguments)
    assert error["code"] == "not_there_yet"
    assert "in this version" in error["message"]


def test_there_is_no_other_tool(assistant: Assistant) -> None:
    refused = assistant.refusal(lambda client: client.call_tool("drop", {}))
    assert refused.message == "There is no tool 'drop'."


def test_a_client_of_an_older_version_of_the_protocol_is_answered_alike(made: Path) -> None:
    with open_library(made, mode="read") as library:
        old = Assistant(library, mode="legacy")
        assert old.call("facets")["total"] == N_TRACKS


# --- what is answered -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list", {"filter": "sort:title"}),
        ("search", {"words": "t*"}),
        ("next", {"sound": "t00.wav", "tempo_pct": 100}),
        ("similar", {"sounds": ["t00.wav"]}),
        ("set", {"length": "11", "alternatives": 2}),
        ("path", {"start": "t00.wav", "end": "t44.wav", "steps": 40}),
    ],
)
def test_pages_of_twenty_rows_put_together_are_the_whole_answer(
    assistant: Assistant, tool: str, arguments: dict[str, Any]
) -> None:
    pages = [assistant.call(tool, **arguments)]
    while (cursor := pages[-1]["cursor"]) is not None:
        assert pages[-1]["truncated"]
        assert len(pages[-1]["rows"]) == 20
        pages.append(assistant.call(tool, **arguments, cursor=cursor))
    rows = [json.dumps(row) for page in pages for row in page["rows"]]
    assert len(pages) > 1
    assert len(set(rows)) == len(rows) == pages[-1]["total"]


def test_a_cursor_of_another_question_is_refused(assistant: Assistant) -> None:
    cursor = assistant.call("list")["cursor"]
    for arguments in ({"filter": "kind:track", "cursor": cursor}, {"cursor": "20"}, {"cursor": "20.0000000000"}):
        assert assistant.error("list", **arguments)["field"] == "cursor"
    assert len(assistant.call("list", limit=50, cursor=cursor)["rows"]) == N_TRACKS - 20


def test_rows_hold_what_is_known_and_nothing_else(assistant: Assistant, music: Path) -> None:
    [row] = assistant.call("list", filter="title:t07")["rows"]
    assert row == {
        "id": row["id"],
        "title": "t07",
        "artist": "Artist 7",
        "path": str(music / "t07.wav"),
        "duration_s": 200.0,
        "kind": "track",
        "bpm": 120.7,
        "key": "A minor",
        "camelot": "8A",
        "energy_level": 8.0,
    }


def test_the_text_of_an_answer_is_the_same_json(assistant: Assistant) -> None:
    result = assistant.ask(lambda client: client.call_tool("list", {"limit": 2}))
    [content] = result.content
    assert content.type == "text"
    assert json.loads(content.text) == result.structured_content


def test_null_is_an_argument_that_was_left_out(assistant: Assistant) -> None:
    assert assistant.call("list", filter=None, cursor=None) == assistant.call("list")


@pytest.mark.parametrize(
    ("tool", "arguments", "field"),
    [
        ("list", {"limit": 51}, "limit"),
        ("similar", {"sounds": ["t00.wav"], "k": 1000}, "k"),
        ("list", {"offset": 3}, "offset"),
        ("playlist", {"playlist": "x", "output": "/somewhere/x.m3u8"}, "output"),
        ("show", {"sound": "nothing like it"}, "sound"),
        ("hum", {"file": "nothing like it"}, "file"),
        ("next", {}, "sound"),
        ("next", {"sound": "t00.wav", "energy": "sideways"}, "energy"),
        ("list", {"__class__": 1}, "__class__"),
    ],
)
def test_what_cannot_be_asked_is_an_error_of_the_tool_that_names_the_argument(
    assistant: Assistant, tool: str, arguments: dict[str, Any], field: str
) -> None:
    error = assistant.error(tool, **arguments)
    assert error["field"] == field
    assert error["code"]
    assert error["message"]
    assert error["remedy"]


def test_answers_are_bounded_whatever_files_say_of_themselves(editor: Assistant) -> None:
    with editor.library.write() as connection:
        connection.exec_driver_sql("UPDATE summaries SET title = printf('%.*c', 20000, 'x')")
        connection.exec_driver_sql("UPDATE sounds SET title = printf('%.*c', 200000, 'ö')")
    answer = editor.call("list", limit=50)
    assert size_of(answer) <= ANSWER_BYTES
    assert answer["truncated"]
    shown = editor.call("show", sound=answer["rows"][0]["id"])
    assert size_of(shown) <= ANSWER_BYTES
    assert shown["cut"]["title"]["of"] == 200_000
    assert size_of(editor.error("show", sound="x" * 100_000)) <= ANSWER_BYTES


def test_text_that_is_none_reaches_every_reader_of_json() -> None:
    assert plain({"path": "caf\udce9.wav", "n": [1.5, None]}) == {"path": "caf?.wav", "n": [1.5, None]}


def test_a_fault_of_ours_is_an_error_without_a_traceback(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(sonoteca, "list_sounds", broken)
    error = assistant.error("list")
    assert error["code"] == "internal_error"
    assert "secret" not in json.dumps(error)
    assert "ZeroDivisionError" in caplog.text


# --- sounds and arrangements as resources ---------------------------------------------------------


def test_a_sound_is_a_resource_by_its_id(assistant: Assistant) -> None:
    sound_id = ids_of(assistant.call("list", limit=1))[0]
    read = assistant.ask(lambda client: client.read_resource(f"sonoteca://sound/{sound_id}"))
    [content] = read.contents
    told = json.loads(getattr(content, "text", ""))
    assert (told["id"], told["kind"]["value"]) == (sound_id, "track")
    assert len(content.model_dump_json()) <= 2 * RESOURCE_BYTES
    templates = assistant.ask(lambda client: client.list_resource_templates()).resource_templates
    assert [each.uri_template for each in templates] == ["sonoteca://sound/{id}", "sonoteca://arrangement/{id}"]


@pytest.mark.parametrize("uri", ["sonoteca://sound/none", "sonoteca://arrangement/none", "sonoteca://else/x"])
def test_what_is_no_resource_says_so(assistant: Assistant, uri: str) -> None:
    assert assistant.refusal(lambda client: client.read_resource(uri)).data["remedy"]


# --- files ----------------------------------------------------------------------------------------

# Every argument that may name a file, with the others that its tool needs.
NAMING_FILES = [
    ("similar", "sounds", {}),
    ("similar", "minus", {"sounds": ["t00.wav"]}),
    ("hum", "file", {}),
    ("tap", "file", {}),
    ("match", "sound", {}),
    ("match", "sound", {"mode": "hum"}),
    ("next", "played", {"sound": "t00.wav"}),
    ("set", "curve", {"length": "3"}),
    ("lint", "playlist", {}),
    ("audit", "roots", {}),
    ("playlist_create", "source", {"playlist": "new"}),
    ("match_choice", "query", {"candidate": "t00.wav", "liked": True}),
]


def test_all_arguments_that_may_name_files_are_known() -> None:
    assert {(name, field) for name, tool in tools().items() for field in tool.names} == {
        (name, field) for name, field, _ in NAMING_FILES
    }


@pytest.mark.parametrize(("tool", "field", "others"), NAMING_FILES)
def test_no_tool_opens_a_file_outside_the_folders_of_the_library(
    editor: Assistant, music: Path, tmp_path: Path, tool: str, field: str, others: dict[str, Any]
) -> None:
    outside = tmp_path / "outside.m3u8"
    outside.write_text("5 secret 5\n")
    (music / "link.m3u8").unlink(missing_ok=True)
    names = [str(outside), f"../{tmp_path.name}/outside.m3u8", "../../outside.m3u8", "/nothing/there.wav"]
    if sys.platform != "win32":
        (music / "link.m3u8").symlink_to(outside)
        names += [str(music / "link.m3u8"), "link.m3u8"]
    for name in names:
        value = [name] if field in ("sounds", "minus", "roots") else name
        error = editor.error(tool, **{field: value}, **others)
        assert error["code"] in ("path_outside_roots", "sound_not_found", "playlist_not_found"), (name, error)
        assert error["field"] == field
        assert "secret" not in json.dumps(error)


def test_a_hum_inside_the_folders_is_heard(assistant: Assistant, music: Path) -> None:
    with wave.open(str(music / "hummed.wav"), "wb") as file:
        file.setparams((1, 2, 22_050, 0, "NONE", ""))
        file.writeframes(bytes(44_100))
    for name in ("hummed.wav", str(music / "hummed.wav")):
        # There is no melody to be found; that is said after the file was found.
        assert assistant.error("hum", file=name)["message"] == "The library has no melodies to search."


def test_a_curve_and_a_playlist_may_be_files_inside_the_folders(assistant: Assistant, music: Path) -> None:
    (music / "curve.txt").write_text("3 4 5 6 7")
    (music / "some.m3u8").write_text("t00.wav\nt05.wav\n")
    assert assistant.call("set", length="3", curve="curve.txt", alternatives=1)["total"] == 3
    assert assistant.call("set", length="3", curve="warmup", alternatives=1)["total"] == 3
    assert assistant.call("lint", playlist="some.m3u8")["entries"] == 2


# --- changes --------------------------------------------------------------------------------------


def all_of(assistant: Assistant) -> Any:
    """What a person would see of the library."""
    playlists = assistant.call("playlists")["rows"]
    return [
        assistant.call("list", limit=50),
        [{name: value for name, value in each.items() if name != "changed_at"} for each in playlists],
        [assistant.call("playlist", playlist=each["name"])["rows"] for each in playlists],
    ]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("edit", {"query": "t01.wav", "bpm": "90", "tags": ["dusty"], "rating": "5"}),
        ("edit", {"query": "bpm:=120..120.3", "key": "8B", "at_most": 10}),
        ("playlist_create", {"playlist": "new", "sounds": ["t01.wav", "t02.wav"]}),
        ("playlist_create", {"playlist": "old", "sounds": ["t01.wav"], "replace": True}),
        ("playlist_smart", {"playlist": "fast", "filter": "bpm:124.."}),
        ("playlist_add", {"playlist": "old", "sounds": ["t09.wav"], "at": 1}),
        ("playlist_remove", {"playlist": "old", "entries": ["1"]}),
        ("playlist_move", {"playlist": "old", "position": 1, "to": 3}),
        ("playlist_rename", {"playlist": "old", "new_name": "older"}),
        ("playlist_forget", {"playlist": "old"}),
    ],
)
def test_each_change_can_be_taken_back(editor: Assistant, tool: str, arguments: dict[str, Any]) -> None:
    editor.call("playlist_create", playlist="old", sounds=["t03.wav", "t04.wav", "t05.wav"])
    before = all_of(editor)
    editor.call(tool, **arguments)
    assert all_of(editor) != before
    editor.call("undo")
    assert all_of(editor) == before


def test_an_edit_of_more_sounds_than_meant_changes_nothing_and_says_how_many(editor: Assistant) -> None:
    before = all_of(editor)
    error = editor.error("edit", query="*", bpm="100")
    assert error["field"] == "at_most"
    assert f"{N_TRACKS} sounds" in error["message"]
    assert all_of(editor) == before


def test_a_match_that_was_taken_is_remembered(editor: Assistant) -> None:
    told = editor.call("match_choice", query="t01.wav", candidate="t02.wav", liked=True)
    assert told["liked"]


def test_counting_writes_nothing(editor: Assistant) -> None:
    # Its first answer brings all analyzers, which takes a while where others work too.
    told = editor.call("audit")
    while "task" in told:
        told = editor.call("task", task=told["task"]["id"])
    assert told["sounds_total"] == N_TRACKS
    assert sonoteca.audit(editor.library).since is None


# --- what takes long ------------------------------------------------------------------------------


def test_a_call_that_takes_long_is_answered_with_a_task_and_tells_of_its_progress(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "WAIT_S", 0.1)
    monkeypatch.setattr(protocol, "_STEP_S", 0.05)
    answered = sonoteca.list_sounds

    def slow(library: Library, request: sonoteca.ListRequest) -> sonoteca.ListAnswer:
        time.sleep(0.3)
        return answered(library, request)

    monkeypatch.setattr(sonoteca, "list_sounds", slow)
    heard: list[float] = []

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async def ask(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
        begun = await client.call_tool("list", {"limit": 3}, progress_callback=progress)
        task = begun.structured_content["task"]
        told: dict[str, Any] = {"task": task}
        while "task" in told:
            told = (await client.call_tool("task", {"task": task["id"]})).structured_content
        return task, told

    task, told = assistant.ask(ask)
    assert (task["tool"], task["state"]) == ("list", "running")
    assert len(told["rows"]) == 3
    assert heard
    assert sorted(heard) == heard


def test_a_task_that_failed_says_why(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "WAIT_S", 0.0)
    task = assistant.call("show", sound="nothing like it")["task"]["id"]
    monkeypatch.setattr(protocol, "WAIT_S", 5.0)
    assert assistant.error("task", task=task)["code"] == "sound_not_found"


def test_a_task_of_another_process_says_what_to_do(assistant: Assistant) -> None:
    assert "started anew" in assistant.error("task", task="task-gone")["remedy"]
