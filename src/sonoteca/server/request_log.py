"""One line of JSON in the log for each request, and the id under which all lines of a request are found.

A request may bring its id (``X-Request-ID``: 1 to 64 letters, digits, ``.``, ``_``, ``-``); it is
given one otherwise, and the answer says it. Queries, headers and bodies are not logged: they
hold keys and what people look for.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sonoteca.errors import SonotecaError
from sonoteca.server.problems import problem_response, unexpected
from sonoteca.server.request_id import HEADER, current, id_of, request_id
from sonoteca.server.running import about_to_end

# What logs of servers call a request whose client went away.
_GONE = 499
_log = logging.getLogger(__name__)


class JsonLines(logging.Formatter):
    """A record of the log as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", None) or request_id(),
            **getattr(record, "told", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


class RequestLog:
    """Gives each request its id, answers what went wrong anywhere below, and logs how it ended."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number = id_of(scope["headers"])
        token = current.set(number)
        began = time.perf_counter()
        status: int | None = None

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (HEADER, number.encode("ascii"))]}
            await send(message)

        try:
            try:
                await self.app(scope, receive, sending)
            except ClientDisconnect:
                # Nobody is left to be answered.
                status = _GONE
            except asyncio.CancelledError:
                # Cut off where the server ends: who waits is told so. It is nobody's failure.
                if status is not None or not scope["app"].state.stopping.is_set():
                    raise
                await problem_response(about_to_end())(scope, receive, sending)
            except Exception as error:
                if status is not None:
                    # Half an answer is out: only the end of the connection can say that it is none.
                    raise
                await _response_to(error)(scope, receive, sending)
        finally:
            told = {
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "ms": round((time.perf_counter() - began) * 1000, 1),
                "client": scope["client"][0] if scope.get("client") else None,
                "key": scope.get("state", {}).get("key_name"),
            }
            _log.info("request", extra={"told": told})
            current.reset(token)


def _response_to(error: Exception) -> ASGIApp:
    return problem_response(error) if isinstance(error, SonotecaError) else unexpected(error)
