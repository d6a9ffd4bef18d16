"""What may be asked of the queue: one request class per kind of job.

What is to be done with a request stands in ``kinds.KINDS``; a new kind takes a class here, a line
there and a place in ``AnyJobRequest``.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, field_validator

from sonoteca.arrange.sound.rate import DEFAULT_RATE, check_rate
from sonoteca.domain.file_paths import FilePath
from sonoteca.domain.request import Request, request_error
from sonoteca.errors import RequestError
from sonoteca.media.clip import DEFAULT_LENGTH_S, MAX_LENGTH_S

MOST_PATHS = 100_000


class JobRequest(Request):
    """What every job may be asked with.

    Attributes
    ----------
    callback_url : str, optional
        An ``http`` or ``https`` address that is told when the job ends; its host has to be allowed.
    """

    callback_url: str | None = Field(default=None, max_length=2000)


class AnalyzeJob(JobRequest):
    """Files of the library's folders are listened to and kept, as ``add`` does.

    Attributes
    ----------
    paths : tuple of path, 1 to 100,000
        Files that lie in folders of the library, links followed; absolute or relative to one of its folders.
    force : bool
        Listen also to what is known.
    timeout_s : float > 0, optional
        Deadline of one file in seconds; 60 s and a fifth of its length when left out.
    """

    kind: Literal["analyze"] = "analyze"
    paths: tuple[FilePath, ...] = Field(min_length=1, max_length=MOST_PATHS)
    force: bool = False
    timeout_s: float | None = Field(default=None, gt=0)


class _StagedJob(JobRequest):
    """Work on bytes that somebody sent.

    Attributes
    ----------
    staged : str
        The name of a file in the library's staging folder; it is removed when the job has ended.
    name : str
        What the file was called where it comes from; without its folders.
    timeout_s : float > 0, optional
        As of ``AnalyzeJob``.
    """

    staged: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=1000)
    timeout_s: float | None = Field(default=None, gt=0)

    @field_validator("staged")
    @classmethod
    def _is_name(cls, staged: str) -> str:
        if staged in (".", "..") or any(sign in staged for sign in "/\\\0:"):
            raise ValueError("it is no name of a file in the staging folder")
        return staged

    @field_validator("name")
    @classmethod
    def _without_folders(cls, name: str) -> str:
        # Browsers of all systems send names; some send whole paths.
        last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
        cleaned = "".join(sign for sign in last if sign.isprintable()).strip()
        return cleaned or "upload"


class AnalyzeUploadJob(_StagedJob):
    """A file that was sent is listened to and forgotten; the result is its sound object."""

    kind: Literal["analyze_upload"] = "analyze_upload"


class KeepUploadJob(_StagedJob):
    """A file that was sent is kept in the library's own folder ``uploads`` and added; the result is its sound object."""

    kind: Literal["keep_upload"] = "keep_upload"


class RetryFailedJob(JobRequest):
    """What failed is listened to again.

    Attributes
    ----------
    codes : tuple of str
        Only failures with one of these codes; any by default.
    timeout_s : float > 0, optional
        As of ``AnalyzeJob``.
    """

    kind: Literal["retry_failed"] = "retry_failed"
    codes: tuple[str, ...] = ()
    timeout_s: float | None = Field(default=None, gt=0)


class RenderJob(JobRequest):
    """An arrangement is rendered to files in the library's folder ``renders``.

    Attributes
    ----------
    arrangement : str
        Its id or a unique prefix of it.
    format : "wav", "flac" or "mp3"
    stems : bool
        Also one file per role.
    rate : int in 8000..192000 [Hz]
    allow_missing : bool
        Leave silence where a sound is missing, and say so, instead of refusing.
    """

    kind: Literal["render"] = "render"
    arrangement: str = Field(min_length=1)
    format: Literal["wav", "flac", "mp3"] = "wav"
    stems: bool = False
    rate: int = DEFAULT_RATE
    allow_missing: bool = False

    @field_validator("rate")
    @classmethod
    def _is_rate(cls, rate: int) -> int:
        check_rate(rate)
        return rate


class RebuildIndexJob(JobRequest):
    """All that is derived from the library is made anew, and checked."""

    kind: Literal["rebuild_index"] = "rebuild_index"


class MakeClipsJob(JobRequest):
    """Of every sound that has none a clip is made, for whoever may not have the whole.

    Attributes
    ----------
    filter : str
        A query; all sounds where it is empty.
    length_s : float in 1..60 [s]
        How much is heard at most.
    """

    kind: Literal["make_clips"] = "make_clips"
    filter: str = Field(default="", max_length=2000)
    length_s: float = Field(default=DEFAULT_LENGTH_S, ge=1.0, le=MAX_LENGTH_S, allow_inf_nan=False)


AnyJobRequest = (
    AnalyzeJob | AnalyzeUploadJob | KeepUploadJob | RetryFailedJob | RenderJob | RebuildIndexJob | MakeClipsJob
)

_ADAPTER: TypeAdapter[AnyJobRequest] = TypeAdapter(Annotated[AnyJobRequest, Field(discriminator="kind")])


def read_job_request(document: Mapping[str, Any]) -> AnyJobRequest:
    """The request that a JSON object says: ``kind`` names which; RequestError for what cannot be asked."""
    try:
        return _ADAPTER.validate_python(dict(document))
    except ValidationError as error:
        raise request_error(error, JobRequest) from None


def as_stored(request: AnyJobRequest) -> dict[str, Any]:
    """A request as JSON that ``from_stored`` reads back exactly, names of any bytes too."""
    return {name: _encoded(value) for name, value in request.model_dump().items() if name != "callback_url"}


def from_stored(document: Mapping[str, Any], callback_url: str | None = None) -> AnyJobRequest:
    """The request that was stored; RequestError if this version has no such kind."""
    values = {name: _decoded(value) for name, value in document.items()}
    return read_job_request({**values, "callback_url": callback_url})


def as_shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stored request for people and programs: what is no text is escaped."""
    return {name: _shown(value) for name, value in document.items()}


_BYTES = "bytes"


def _encoded(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_encoded(each) for each in value]
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return {_BYTES: base64.b64encode(os.fsencode(value)).decode()}
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    if isinstance(value, dict) and set(value) == {_BYTES}:
        return os.fsdecode(base64.b64decode(value[_BYTES]))
    return value


def _shown(value: Any) -> Any:
    from sonoteca.domain.file_paths import shown_path

    if isinstance(value, list):
        return [_shown(each) for each in value]
    decoded = _decoded(value)
    return shown_path(decoded) if isinstance(decoded, str) else decoded


def check_named(request: AnyJobRequest) -> None:
    """Raise RequestError for text that no database keeps."""
    for name, value in request.model_dump().items():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and "\0" in text:
                raise RequestError(f"{name} holds a character that no name has.", field=name)
