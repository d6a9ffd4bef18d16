"""Uploads: multipart forms, streamed to the staging folder as they come, and removed when they are answered.

    def hum(form: UploadForm, library: OpenLibrary, listener: WarmListener) -> StrictJSONResponse:
        asked = sonoteca.HumRequest(file=form.file().path, **form.fields(sonoteca.HumRequest, without=("file",)))
        return form.answered(sonoteca.find_tune(library, asked, listener=listener))

Nothing is held in memory but the small fields, and nothing is written elsewhere than on the library's
data disk. A running total is compared with the limit, the disk is looked at while it fills, and the
whole may take as long as the settings allow. A file that a route wants to keep, it moves away
(``Upload.path``, one rename on the same disk); the rest is removed after the answer, or when the client
went away. Answers and errors name a file as its sender did, never by its place in the staging folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Annotated, Any

from fastapi import Depends, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, MultipartState, parse_options_header
from starlette.concurrency import run_in_threadpool

import sonoteca.domain.request as requests
from sonoteca.errors import (
    BodyTooLarge,
    BodyTooSlow,
    BodyUnreadable,
    DiskLow,
    MediaTypeRefused,
    RequestError,
    SonotecaError,
)
from sonoteca.server.guard.bodies import read_away, upload_too_large
from sonoteca.server.json_answers import Answer, StrictJSONResponse, is_text
from sonoteca.server.request_fields import is_listed, storable
from sonoteca.server.running import Turn, Turns
from sonoteca.server.staging import Staging
from sonoteca.settings import ServerSettings

MOST_FILES = 1000
_MOST_PARTS = 2000
_FIELD_BYTES = 2**20
# So much is gathered before it is written, in a thread: the loop that serves everybody does not wait for a disk.
_BLOCK = 2**20
_LOOK_AT_DISK_EVERY = 16 * 2**20
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a form.

    Attributes
    ----------
    field : str
        The field of the form that it came in.
    name : str
        What its sender calls it, without folders.
    path : Path
        Where it is staged.
    n_bytes : int
    """

    field: str
    name: str
    path: Path
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Form:
    """What a multipart form brought: staged files, and the texts of the other fields in their order.

    ``turn`` is the form's among those that have workers listen: a route that waits otherwise ends it before.
    """

    files: tuple[Upload, ...]
    texts: Mapping[str, tuple[Any, ...]]
    turn: Turn | None = None

    def file(self, field: str = "file") -> Upload:
        """The one file of a field; RequestError where there is none, or several."""
        found = [each for each in self.files if each.field == field]
        if len(found) != 1:
            raise RequestError(
                f"The form needs a file in the field {field!r}."
                if not found
                else f"The form has {len(found)} files in the field {field!r}, and one is asked for.",
                "Send it as multipart/form-data.",
                field=field,
            )
        return found[0]

    def fields(
        self, kind: type[requests.Request], *, without: Collection[str] = (), beside: Collection[str] = ()
    ) -> dict[str, Any]:
        """The fields of a request that the form gives, by name; RequestError for one that the request does not have.

        Parameters
        ----------
        without : names of fields
            Those that the route fills itself; a form may not give them.
        beside : names
            Fields of the form that the route reads itself.
        """
        known = {each.alias or name: each for name, each in kind.model_fields.items() if name not in without}
        values: dict[str, Any] = {}
        for name, texts in self.texts.items():
            if name in beside:
                continue
            if name not in known:
                names = ", ".join([*known, *beside])
                raise RequestError(f"The form has an unknown field {name!r}.", f"It may have {names}.", field=name)
            is_list = is_listed(known[name].annotation)
            values[name] = texts if is_list else storable(name, texts[-1])
        return values

    def text(self, name: str) -> str | None:
        """The text of a field that is no request's; None where the form does not have it."""
        found = self.texts[name][-1] if name in self.texts else None
        if found is not None and not isinstance(found, str):
            raise RequestError(f"{name} is a text, not {found!r}.", field=name)
        return found

    def sound_or_file(self, name: str) -> str:
        """What a route is asked about: the sound that the field ``name`` names, or the path of the one file."""
        named = self.text(name)
        if named is not None and self.files:
            raise RequestError(f"There is a file and a {name}.", "Send one of them.", field=name)
        if named is not None:
            return named
        if not self.files:
            raise RequestError(f"There is neither a file nor a {name}.", "Send one of them.", field="file")
        return str(self.file().path)

    def answered(self, answer: Answer, status: int = 200, headers: dict[str, str] | None = None) -> StrictJSONResponse:
        """An answer of the front, in which files are called as their sender does."""
        return StrictJSONResponse(self.named(answer.as_json()), status, headers)

    def named(self, value: Any) -> Any:
        """JSON values in which every staged path has become the name that its sender gave."""
        if isinstance(value, dict):
            return {name: self.named(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.named(each) for each in value]
        if isinstance(value, str):
            for upload in self.files:
                value = value.replace(str(upload.path), upload.name)
        return value


@contextlib.asynccontextmanager
async def _received(request: Request) -> AsyncIterator[Form]:
    """The form that a request brings, when it is its turn to be heard."""
    staging: Staging = request.app.state.staging
    settings: ServerSettings = request.app.state.settings
    turns: Turns = request.app.state.upload_turns
    async with receiving(request, staging, settings) as form, turns.turn() as turn:
        yield replace(form, turn=turn)


async def _uploaded(request: Request) -> AsyncIterator[Form]:
    async with _received(request) as form:
        yield form


async def _uploaded_or_said(request: Request) -> AsyncIterator[Form]:
    if parse_options_header(request.headers.get("content-type"))[0] != b"application/json":
        async with _received(request) as form:
            yield form
        return
    try:
        said = await request.json()
    except json.JSONDecodeError as error:
        raise BodyUnreadable(f"The body is no JSON: {error.msg} at character {error.pos}.") from None
    if not isinstance(said, dict):
        raise BodyUnreadable("The body is no JSON object.")
    given = {name: value for name, value in said.items() if value is not None}
    yield Form((), {name: tuple(value) if isinstance(value, list) else (value,) for name, value in given.items()})


# What was sent is let go before the answer is: whoever reads slowly holds up nobody else's upload.
UploadForm = Annotated[Form, Depends(_uploaded, scope="function")]
# A form, or a JSON object with the same fields and no file.
UploadFormOrJson = Annotated[Form, Depends(_uploaded_or_said, scope="function")]


@contextlib.asynccontextmanager
async def receiving(request: Request, staging: Staging, settings: ServerSettings) -> AsyncIterator[Form]:
    """The form that a request brings; its files are removed at the end, whatever that is.

    Raises
    ------
    MediaTypeRefused, BodyUnreadable
        It is no multipart form, or ends too early.
    BodyTooLarge, BodyTooSlow, DiskLow
    """
    reader = _Reader(staging, settings, _boundary(request))
    form: Form | None = None
    staging.under_way += 1
    try:
        try:
            async with asyncio.timeout(settings.upload_timeout_s):
                form = await reader.read(request)
        except (BodyTooLarge, DiskLow):
            await read_away(request.scope, request.receive)
            raise
        except TimeoutError:
            raise BodyTooSlow(f"The upload took longer than {settings.upload_timeout_s:g} seconds.") from None
        try:
            yield form
        except SonotecaError as error:
            error.message = form.named(error.message)
            error.remedy = form.named(error.remedy)
            raise
    finally:
        staging.under_way -= 1
        reader.remove()


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        said = request.headers.get("content-type", "nothing")
        raise MediaTypeRefused(f"An upload is a form of type multipart/form-data, not {said[:100]!r}.")
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 200:
        raise BodyUnreadable("The multipart form does not say its boundary.")
    return boundary


@dataclass(slots=True)
class _Part:
    """One part of a form while it comes."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    file_name: str | None = None
    path: Path | None = None
    n_bytes: int = 0
    text: bytearray = field(default_factory=bytearray)


class _Reader:
    """Reads one form: bytes are pushed through a parser, whose events are gathered and then written."""

    def __init__(self, staging: Staging, settings: ServerSettings, boundary: bytes) -> None:
        self._staging = staging
        self._limit_mb = settings.max_upload_mb
        self._part = _Part()
        self._n_parts = self._n_text = self._taken = self._looked_at = 0
        self._header_name = self._header_value = b""
        self._files: list[Upload] = []
        self._texts: dict[str, tuple[str, ...]] = {}
        self._staged: list[Path] = []
        self._open: IO[bytes] | None = None
        # All that were opened: what ends one in the middle may come before its end was written.
        self._opened: list[IO[bytes]] = []
        # What is to be written, in order; each piece into the file that was open when it came.
        self._pending: list[tuple[IO[bytes], bytes]] = []
        self._n_pending = 0
        callbacks: dict[str, Callable[..., None]] = {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
        }
        self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]

    async def read(self, request: Request) -> Form:
        length = request.headers.get("content-length", "")
        await self._on_disk(self._staging.require_room, int(length) if length.isdigit() else 0)
        try:
            async for chunk in request.stream():
                self._parser.write(chunk)
                if self._n_pending >= _BLOCK:
                    await self._flush()
                if self._taken - self._looked_at >= _LOOK_AT_DISK_EVERY:
                    self._looked_at = self._taken
                    await self._on_disk(self._staging.require_room, 0)
        except FormParserError as error:
            raise BodyUnreadable(f"The multipart form cannot be read ({error}).") from error
        await self._flush()
        if self._parser.state != MultipartState.END:
            raise BodyUnreadable("The multipart form ends in the middle.")
        return Form(tuple(self._files), self._texts)

    def remove(self) -> None:
        """Close and remove what was staged and is still there."""
        for file in self._opened:
            file.close()
        for path in self._staged:
            path.unlink(missing_ok=True)

    # --- what the parser tells ------------------------------------------------------------------

    def _on_part_begin(self) -> None:
        self._n_parts += 1
        if self._n_parts > _MOST_PARTS:
            raise BodyUnreadable(f"The multipart form has more than {_MOST_PARTS} parts.")
        self._part = _Part()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._part.headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        part = self._part
        _, options = parse_options_header(part.headers.get(b"content-disposition"))
        part.name = _text(options.get(b"name", b""), "name of a field")
        if not part.name:
            raise BodyUnreadable("A part of the multipart form has no name.")
        if b"filename" in options:
            part.file_name = _file_name(options[b"filename"])
            if len(self._files) >= MOST_FILES:
                raise BodyTooLarge(f"The form has more than {MOST_FILES} files.", field=part.name)
            self._stage(part)

    def _stage(self, part: _Part) -> None:
        suffix = Path(part.file_name or "").suffix
        part.path = self._staging.new_path(suffix if _SUFFIX.fullmatch(suffix) else "")
        self._staged.append(part.path)
        self._open = part.path.open("xb")
        self._opened.append(self._open)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        part, n_bytes = self._part, end - start
        part.n_bytes += n_bytes
        self._taken += n_bytes
        if self._taken > self._limit_mb * 2**20:
            raise upload_too_large(self._limit_mb)
        if part.path is not None and self._open is not None:
            self._pending.append((self._open, data[start:end]))
            self._n_pending += n_bytes
            return
        self._n_text += n_bytes
        if self._n_text > _FIELD_BYTES:
            raise BodyTooLarge("The fields of the form hold more than 1 MB beside its files.", field=part.name)
        part.text += data[start:end]

    def _on_part_end(self) -> None:
        part = self._part
        if part.path is None:
            self._texts[part.name] = (*self._texts.get(part.name, ()), _text(bytes(part.text), part.name))
            return
        if self._open is not None:
            # Closed once its last bytes are written.
            self._pending.append((self._open, b""))
            self._open = None
        # A browser sends an empty part for a file that was not chosen.
        if part.file_name or part.n_bytes:
            self._files.append(Upload(part.name, part.file_name or part.name, part.path, part.n_bytes))

    # --- disk -----------------------------------------------------------------------------------

    async def _flush(self) -> None:
        pending, self._pending, self._n_pending = self._pending, [], 0
        if pending:
            await self._on_disk(_write, pending)

    async def _on_disk(self, work: Callable[..., None], *values: Any) -> None:
        try:
            await run_in_threadpool(work, *values)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskLow("The disk of the library is full.") from error
            raise


def _write(pending: list[tuple[IO[bytes], bytes]]) -> None:
    for file, data in pending:
        if data:
            file.write(data)
        else:
            file.close()


def _text(data: bytes, what: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyUnreadable(f"The {what} of the form is no UTF-8.") from error
    if not is_text(text):
        raise BodyUnreadable(f"The {what} of the form holds a NUL.")
    return text


def _file_name(data: bytes) -> str:
    """What the sender calls a file: the last part of a path, without what no name holds.

    >>> _file_name(b"C:\\\\loops\\\\a.wav"), _file_name(b"../../etc/passwd"), _file_name(b"a\\0b.wav")
    ('a.wav', 'passwd', 'ab.wav')
    """
    text = data.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in text if letter.isprintable()).strip()[-200:]


def upload_body(
    kind: type[requests.Request] | None = None,
    *,
    without: Collection[str] = (),
    files: Mapping[str, str] = {"file": "The audio file."},
    optional_files: bool = False,
    beside: Mapping[str, Any] = {},
    or_json: bool = False,
) -> dict[str, Any]:
    """The ``requestBody`` of a route that takes a form, for ``documented(body=...)``.

    Parameters
    ----------
    kind : request class, optional
        Its fields, except ``without``, are fields of the form.
    files : mapping of str to str
        Fields that hold a file, and what it is.
    optional_files : bool
        Whether the form may come without them.
    beside : mapping of str to schema
        Fields that the route reads itself.
    or_json : bool
        Whether a JSON object with the same fields, and no file, may come instead.
    """
    properties: dict[str, Any] = {
        name: {
            "type": "string",
            "format": "binary",
            "contentMediaType": "application/octet-stream",
            "description": told,
        }
        for name, told in files.items()
    }
    required = [] if optional_files else list(files)
    if kind is not None:
        schema = kind.model_json_schema()
        for name, told in schema.get("properties", {}).items():
            if name not in without:
                properties[name] = _without_references(told, schema.get("$defs", {}))
        required += [name for name in schema.get("required", ()) if name not in without]
    properties |= beside
    form = {"type": "object", "properties": properties} | ({"required": required} if required else {})
    content = {"multipart/form-data": {"schema": form}}
    if or_json:
        plain = {name: told for name, told in properties.items() if name not in files}
        content["application/json"] = {"schema": {"type": "object", "properties": plain}}
    return {"required": True, "content": content}


def _without_references(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            named = definitions[schema["$ref"].rpartition("/")[2]]
            beside = {name: each for name, each in schema.items() if name != "$ref"}
            return {**_without_references(named, definitions), **beside}
        return {name: _without_references(each, definitions) for name, each in schema.items()}
    if isinstance(schema, list):
        return [_without_references(each, definitions) for each in schema]
    return schema
