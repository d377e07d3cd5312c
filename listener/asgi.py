"""The listener for a server that speaks ASGI, which `python3 listener.py` is: /webhook and health.

This is all that we use of ASGI: https://asgi.readthedocs.io/en/latest/specs/www.html
listener/app.py answers the same paths for any other server.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import partial
from typing import Any

from listener import webhook
from listener.intake import answers
from listener.intake.answers import Answer
from listener.intake.intake import Intake
from listener.intake.readiness import READINESS
from listener.receive_whole import receive_whole
from listener.unfinished import UNFINISHED, UNPACED_BYTES
from listener.vendors.head import BODY_BYTES, TOO_LONG, Refused
from runtime import log

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Route = Callable[[Intake, Scope, Receive], Awaitable[Answer]]


class AsgiApp:
    """What answers each request."""

    def __init__(self, intake: Intake) -> None:
        """Receive deliveries with an intake that was made after the fork."""
        self.intake = intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"] not in ROUTES:
            await tell(send, answers.refused(404, answers.NOT_FOUND))
            return
        methods, route = ROUTES[scope["path"]]
        if scope["method"] not in methods:
            allowed = (b"allow", ", ".join(methods).encode())
            await tell(send, answers.refused(405, "Method Not Allowed"), allowed)
            return
        try:
            answer = await route(self.intake, scope, receive)
        except Exception as error:  # noqa: BLE001 - answered as what it is: nothing was stored
            log.crash("a request broke", error, path=scope["path"])
            answer = answers.UNAVAILABLE
        await tell(send, answer, is_kept=route is deliver and scope.get("keeps_open", False))

    def answer_whole(
        self,
        raw_headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        tell: Callable[[Answer], None],
    ) -> None:
        """Answer a delivery whose body came with its head, without a task of its own."""
        try:
            receive_whole(self.intake, decode(raw_headers), body, tell)
        except Exception as error:  # noqa: BLE001 - answered as what it is: nothing was stored
            log.crash("a request broke", error, path=webhook.PATH)
            tell(answers.UNAVAILABLE)


def decode(raw_headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return headers as texts, of one character for each byte."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw_headers]


async def deliver(intake: Intake, scope: Scope, receive: Receive) -> Answer:
    """Answer a delivery."""
    return await webhook.receive(intake, decode(scope["headers"]), partial(read, scope, receive))


async def is_alive(intake: Intake, scope: Scope, receive: Receive) -> Answer:
    """Say that the process answers."""
    return answers.ALIVE


async def is_ready(intake: Intake, scope: Scope, receive: Receive) -> Answer:
    """Say whether a delivery that came now could be stored."""
    return answers.READY if await READINESS.ask_off_loop(intake) else answers.NOT_READY


async def read(scope: Scope, receive: Receive, length: int | None) -> bytes:
    """Return a request's body. Raises Refused: 400 where it is cut off, 413 where it is too long.

    Only the connection knows where chunks end: `is_cut_off` in the scope says that they did not.
    """
    if length is None and scope.get("http_version") == "1.0":  # which knows no chunks
        raise Refused(*answers.CUT_OFF)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        # Not a list: of pieces of one byte it would be forty times as long.
        whole = bytearray(body)
        while message.get("more_body", False):
            message = await receive()
            piece = message.get("body", b"")
            whole += piece
            if len(whole) > UNPACED_BYTES:
                pause = UNFINISHED.bytes.pause(len(piece), asyncio.get_running_loop().time())
                await asyncio.sleep(pause)
            if len(whole) > BODY_BYTES:
                raise Refused(*TOO_LONG)
        body = bytes(whole)
    is_cut = message.get("type") == "http.disconnect" or scope.get("is_cut_off", False)
    if is_cut or (length is not None and len(body) < length):
        raise Refused(*answers.CUT_OFF)
    if len(body) > BODY_BYTES:
        raise Refused(*TOO_LONG)
    return body


async def tell(
    send: Send, answer: Answer, *more: tuple[bytes, bytes], is_kept: bool = False
) -> None:
    """Send an answer, with more headers; the connection is closed then, or kept for the next."""
    text = answer.text
    headers = [*answers.headers(answer.code, len(text)), *more]
    if not is_kept:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.code, "headers": headers})
    await send({"type": "http.response.body", "body": text})


ROUTES: dict[str, tuple[tuple[str, ...], Route]] = {
    webhook.PATH: (("POST",), deliver),
    "/healthz": (("GET", "HEAD"), is_alive),
    "/readyz": (("GET", "HEAD"), is_ready),
}
