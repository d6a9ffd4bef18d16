"""Telling who asked to be told: a signed message to an allowed address when a job has ended.

The message is the job as JSON, with ``sent_at`` beside it. ``X-Sonoteca-Signature`` is ``sha256=`` and the
HMAC-SHA256 of the body under the secret, in hexadecimal digits; ``X-Sonoteca-Timestamp`` repeats
``sent_at`` in seconds since 1970, so that an old message that is sent again can be told from a new one.
It is sent by a thread that does nothing else, a few times at most; redirects are not followed.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import IO, Any
from urllib.parse import urlsplit

from sonoteca.catalogue.made import jobs as rows
from sonoteca.catalogue.made.jobs import Job
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import RequestError
from sonoteca.jobs.queue_settings import QueueSettings
from sonoteca.jobs.requests import as_shown

SIGNATURE, TIMESTAMP = "X-Sonoteca-Signature", "X-Sonoteca-Timestamp"
TIMEOUT_S = 10.0
# After each try that failed, so long until the next; after the last one nobody is told any more.
PAUSES_S = (2.0, 15.0, 60.0, 600.0)
# Longer than a try may take: until then no other process tries too.
_HELD_S = 6 * TIMEOUT_S


def check_callback(url: str | None, settings: QueueSettings) -> None:
    """Raise RequestError for an address that may not be told."""
    if url is None:
        return
    if settings.callback_secret is None or not settings.callback_hosts:
        raise RequestError(
            "Nobody can be told when a job ends: no host is allowed, or there is no secret to sign with.",
            "Set the hosts that may be told and the secret.",
            field="callback_url",
        )
    if not is_allowed(url, settings.callback_hosts):
        raise RequestError(
            f"{url!r} may not be told when a job ends.", "Its host has to be among those allowed.", field="callback_url"
        )


def is_allowed(url: str, hosts: Sequence[str]) -> bool:
    """Whether an address is plain http(s) of one of ``hosts``.

    >>> is_allowed("https://shop.example/hook", ["shop.example"]), is_allowed("http://shop.example:81/", ["shop.example:81"])
    (True, True)
    >>> is_allowed("https://shop.example@evil.example/", ["shop.example"]), is_allowed("file://shop.example/x", ["shop.example"])
    (False, False)
    """
    if any(sign <= " " or sign == "\\" or sign == "\x7f" for sign in url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return False
    host = parts.hostname.rstrip(".").lower()
    shown = f"[{host}]" if ":" in host else host
    named = {shown, host} if port is None else {f"{shown}:{port}", shown, host}
    return any(each.lower().rstrip(".") in named for each in hosts)


def message(job: Job, sent_at: int) -> bytes:
    """The body that is sent."""
    told = {**job.as_json(), "request": as_shown(job.request), "sent_at": sent_at}
    # The address is the reader's own.
    told.pop("callback")
    return json.dumps(told, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def signature(body: bytes, secret: str) -> str:
    """What stands in ``X-Sonoteca-Signature``.

    >>> signature(b"{}", "secret")
    'sha256=77325902caca812dc259733aacd046b73817372c777b8d95b402647474516e13'
    """
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


# No proxy of the environment: what is allowed is the host itself.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


def send(url: str, body: bytes, secret: str, sent_at: int, *, timeout_s: float = TIMEOUT_S) -> tuple[int | None, str]:
    """Send a message once: the HTTP status, None if none came, and what went wrong, empty if nothing did."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "sonoteca",
        TIMESTAMP: str(sent_at),
        SIGNATURE: signature(body, secret),
    }
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with _OPENER.open(request, timeout=timeout_s) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, f"It answered {error.code}."
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return None, f"It could not be reached: {str(reason) or type(error).__name__}."


def tell_one(library: Library, settings: QueueSettings) -> bool:
    """Tell the one whose turn it is; False if nobody is to be told now."""
    with library.read() as connection:
        if not rows.is_callback_due(connection):
            return False
    with library.write() as connection:
        job = rows.take_due_callback(connection, again_after_s=_HELD_S)
    if job is None or job.callback_url is None:
        return False
    attempts = int((job.callback or {}).get("attempts", 0)) + 1
    status, wrong = None, "It is not among the hosts that may be told any more."
    is_allowed_now = settings.callback_secret is not None and is_allowed(job.callback_url, settings.callback_hosts)
    if is_allowed_now and settings.callback_secret is not None:
        sent_at = int(time.time())
        status, wrong = send(job.callback_url, message(job, sent_at), settings.callback_secret, sent_at)
    again_in_s = PAUSES_S[attempts - 1] if wrong and is_allowed_now and attempts <= len(PAUSES_S) else None
    state = "delivered" if not wrong else "failed" if again_in_s is None else "waiting"
    told = {"state": state, "attempts": attempts, "status": status, "error": wrong or None, "at": clock.now()}
    with library.write() as connection:
        rows.note_callback(connection, job.id, told, again_in_s=again_in_s)
    return True
