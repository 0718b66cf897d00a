"""Which of Streamlit's own dialogs the page may open: none.

When the connection is lost, a dialog of its own would cover the pane, take the focus and swallow what is typed, and
speak of a command that nobody here runs. The pane and the status line (`chrome`) say it in their own words.
"""

import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PATH = "/_stcore/host-config"


class NoDialogs:
    """Plain ASGI middleware that adds `blockErrorDialogs` to the configuration that the page asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the answer to that one question is changed on its way back."""
        if scope["type"] != "http" or scope["path"] != _PATH:
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def changed(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if start["status"] == 200 and body:
                body = json.dumps({**json.loads(body), "blockErrorDialogs": True}).encode()
                kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
                start["headers"] = [*kept, (b"content-length", str(len(body)).encode())]
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, changed)
