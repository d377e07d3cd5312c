"""The public port: /webhook, /healthz, /readyz, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from listener import health, webhook
from listener.asgi import Receive, Scope, Send, tell
from listener.intake import answers
from listener.intake.answers import Answer
from listener.intake.intake import Desk
from runtime import log

Route = Callable[[Desk, Scope, Receive], Awaitable[Answer]]

ROUTES: dict[str, tuple[tuple[str, ...], Route]] = {
    webhook.PATH: (("POST",), webhook.receive),
    "/healthz": (("GET", "HEAD"), health.is_alive),
    "/readyz": (("GET", "HEAD"), health.is_ready),
}


class App:
    """What answers each request, for a server that speaks ASGI."""

    def __init__(self, desk: Desk) -> None:
        """Receive deliveries at a desk whose engine was made after the fork."""
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"] not in ROUTES:
            await tell(send, answers.refused(404, "Not Found"))
            return
        methods, route = ROUTES[scope["path"]]
        if scope["method"] not in methods:
            allowed = (b"allow", ", ".join(methods).encode())
            await tell(send, answers.refused(405, "Method Not Allowed"), allowed)
            return
        try:
            given = await route(self.desk, scope, receive)
        except Exception as error:  # noqa: BLE001 - answered as what it is: nothing was stored
            log.crash("a request broke", error, path=scope["path"])
            given = answers.UNAVAILABLE
        await tell(send, given)
