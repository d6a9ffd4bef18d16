"""JSON as answers give it and requests bring it: strict, so that any program reads it."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, Protocol

from fastapi import Request
from fastapi.responses import JSONResponse

# Undecodable bytes of a file's name travel as these; no other half of a character is text.
_HALF_CHARACTER = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_LARGEST = 2**63


class Answer(Protocol):
    """What a function of the front gives."""

    def as_json(self) -> dict[str, Any]:
        """The answer as JSON values."""
        ...


class StrictJSONResponse(JSONResponse):
    """JSON without NaN and Infinity; ValueError where a value is one, before a byte is sent."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def answered(answer: Answer, status: int = 200, headers: dict[str, str] | None = None) -> StrictJSONResponse:
    """An answer of the front as it is: what the command line prints as JSON."""
    return StrictJSONResponse(answer.as_json(), status, headers)


class StrictRequest(Request):
    """A request whose JSON body is read strictly."""

    async def json(self) -> Any:
        """The body; JSONDecodeError for what is no JSON, NaN and numbers without end included."""
        return read_json(await self.body())


def read_json(body: bytes) -> Any:
    """What a body of JSON says.

    >>> read_json(b'{"k": 3}')
    {'k': 3}
    >>> read_json(b'{"k": NaN}')
    Traceback (most recent call last):
    ...
    json.decoder.JSONDecodeError: NaN is no JSON: line 1 column 1 (char 0)

    Raises
    ------
    json.JSONDecodeError
        Also for text that no database takes (half a character, a NUL), and for integers beyond 64 bits.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant, parse_int=_integer, parse_float=_number)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        said = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise json.JSONDecodeError(said, "", 0) from error
    # Only an escape can bring what the encoding itself forbids.
    if "\\u" in text:
        _require_text(value)
    return value


def is_text(text: str) -> bool:
    """Whether a text is one for databases and files too: without NUL and halves of characters.

    >>> is_text("Björk"), is_text("a\\0b"), is_text("\\ud800"), is_text("\\udcff")
    (True, False, False, True)
    """
    return "\0" not in text and not _HALF_CHARACTER.search(text)


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is no JSON", "", 0)


def _integer(digits: str) -> int:
    number = int(digits)
    if not -_LARGEST <= number < _LARGEST:
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _number(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _require_text(value: Any) -> None:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and not is_text(each):
            raise json.JSONDecodeError("a text holds a NUL or half a character", "", 0)
