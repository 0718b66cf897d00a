"""A real HTTP server on 127.0.0.1 that speaks OpenAI's chat completions, with faults on demand.

    with OpenAIServer() as server:
        server.enqueue(status(429, headers={"Retry-After": "0"}), text('{"ok": true}'))
        OpenAIChat("m", base_url=server.url).ask(...)

As a fixture: `from openai_server import openai_server` in a conftest.py.

Every request is taken by the next behaviour in the queue, else by `by_model[model]`, else by
`answer(body)`: the reply text, or the whole body. A behaviour is an async function of (server, request, body).
"""

import asyncio
import contextlib
import json
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from aiohttp import web
from openai_batches import Batches

Body = dict[str, Any]
Behaviour = Callable[["OpenAIServer", web.Request, Body], Awaitable[web.StreamResponse]]


class OpenAIServer:
    """Settings may be changed at any time; `requests` holds every body, `headers` every header set.

    `schema`, `json_mode`: whether those forms are taken. `reasoning`: refuses `max_tokens` and a
    temperature. `key`: the bearer token wanted. `models`: the only names known. `latency_s`: delay
    of every normal answer. `batches`: its batch jobs.
    """

    def __init__(self, answer: Callable[[Body], str | Body] = lambda _: "{}") -> None:
        self.answer = answer
        self.by_model: dict[str, Behaviour] = {}
        self.schema = self.json_mode = True
        self.reasoning = False
        self.key: str | None = None
        self.models: set[str] | None = None
        self.latency_s = 0.0
        self.requests: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.in_flight = self.peak = 0
        self.url = ""
        self.batches = Batches(lambda body: answered(self, body), key=lambda: self.key, closing=lambda: self.closing)
        self._queue: deque[Behaviour] = deque()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def enqueue(self, *behaviours: Behaviour) -> None:
        self._queue.extend(behaviours)

    def __enter__(self) -> "OpenAIServer":
        self._thread.start()
        assert self._ready.wait(60), "the server did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self.closing.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self.closing = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._completion)
        app.router.add_routes(self.batches.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        self._ready.set()
        await self.closing.wait()
        await runner.cleanup()

    async def _completion(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            behaviour = self._queue.popleft() if self._queue else self.by_model.get(body["model"])
            return await (behaviour or _normal)(self, request, body)
        finally:
            self.in_flight -= 1


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    """A model server on a free port of 127.0.0.1."""
    with OpenAIServer() as server:
        yield server


async def _normal(server: OpenAIServer, request: web.Request, body: Body) -> web.StreamResponse:
    if server.key and request.headers.get("Authorization") != f"Bearer {server.key}":
        return _error(401, "Incorrect API key provided", code="invalid_api_key")
    status, said = answered(server, body)
    if status == 200 and server.latency_s:
        await asyncio.sleep(server.latency_s)
    return web.json_response(said, status=status)


def answered(server: OpenAIServer, body: Body) -> tuple[int, Body]:
    """HTTP status and JSON of what a server with these settings says to a request."""
    if server.models is not None and body["model"] not in server.models:
        return _fault(404, f"The model `{body['model']}` does not exist", code="model_not_found")
    if server.reasoning and "max_tokens" in body:
        words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."
        return _fault(400, words, param="max_tokens")
    if server.reasoning and body.get("temperature", 1) != 1:
        words = "Unsupported value: 'temperature' does not support 0.3 with this model. Only the default is supported."
        return _fault(400, words, param="temperature")
    form = body.get("response_format", {}).get("type", "text")
    if (form == "json_schema" and not server.schema) or (form == "json_object" and not server.json_mode):
        return _fault(400, f"'response_format.type' {form} is not supported")
    said = server.answer(body)
    return 200, said if isinstance(said, dict) else completion(said)


USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def completion(content: str | None, *, finish: str = "stop", refusal: str | None = None, usage: object = USAGE) -> Body:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def _fault(status: int, message: str, *, code: str = "", param: str = "") -> tuple[int, Body]:
    return status, {"error": {"message": message, "type": "error", "code": code or None, "param": param or None}}


def _error(status: int, message: str, *, code: str = "", param: str = "") -> web.Response:
    status, said = _fault(status, message, code=code, param=param)
    return web.json_response(said, status=status)


def _always(make: Callable[[], web.Response]) -> Behaviour:
    async def behave(server: OpenAIServer, request: web.Request, body: Body) -> web.Response:
        return make()

    return behave


def text(content: str | None, *, finish: str = "stop", refusal: str | None = None) -> Behaviour:
    """Answer with this reply text."""
    return _always(lambda: web.json_response(completion(content, finish=finish, refusal=refusal)))


def payload(body: object) -> Behaviour:
    """HTTP 200 with this JSON, whatever it is."""
    return _always(lambda: web.json_response(body))


def raw(
    content: str | bytes,
    content_type: str = "application/json",
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Behaviour:
    """This body, broken or not."""
    body = content.encode() if isinstance(content, str) else content
    told = {"Content-Type": content_type, **(headers or {})}
    return _always(lambda: web.Response(body=body, status=status, headers=told))


def status(number: int, message: str = "no", *, code: str = "", headers: dict[str, str] | None = None) -> Behaviour:
    """An error in OpenAI's shape."""

    def make() -> web.Response:
        response = _error(number, message, code=code)
        response.headers.update(headers or {})
        return response

    return _always(make)


async def drop(server: OpenAIServer, request: web.Request, body: Body) -> web.StreamResponse:
    """Close the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_short(server: OpenAIServer, request: web.Request, body: Body) -> web.StreamResponse:
    """Promise more than is sent, then close."""
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    assert request.transport is not None
    request.transport.abort()
    return response


async def hang(server: OpenAIServer, request: web.Request, body: Body) -> web.StreamResponse:
    """Say nothing until the server closes."""
    await server.closing.wait()
    return web.Response()


async def drip(server: OpenAIServer, request: web.Request, body: Body) -> web.StreamResponse:
    """Send a byte now and then, and never end."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while not server.closing.is_set() and request.transport is not None:
        await response.write(b" ")
        await asyncio.sleep(0.01)
    return response


async def drip_headers(server: OpenAIServer, request: web.Request, body: Body) -> web.StreamResponse:
    """Send a header now and then, and never come to the answer."""
    transport = request.transport
    assert isinstance(transport, asyncio.Transport)
    transport.write(b"HTTP/1.1 200 OK\r\n")
    while not server.closing.is_set() and not transport.is_closing():
        transport.write(b"X-a: b\r\n")
        await asyncio.sleep(0.01)
    return web.Response()


async def endless(server: OpenAIServer, request: web.Request, body: Body) -> web.StreamResponse:
    """Send as much as is taken, and never end."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while not server.closing.is_set():
            await response.write(b" " * 2**20)
    return response


def together(count: int, content: str) -> Behaviour:
    """Answer only once `count` requests wait at the same time."""
    waiting: list[asyncio.Event] = []

    async def behave(server: OpenAIServer, request: web.Request, body: Body) -> web.StreamResponse:
        mine = asyncio.Event()
        waiting.append(mine)
        if len(waiting) >= count:
            for event in waiting:
                event.set()
        await mine.wait()
        return web.json_response(completion(content))

    return behave


def asked_form(body: Body) -> str:
    """Name of the reply shape that a request asks for, such as `Judgement`."""
    name = body.get("response_format", {}).get("json_schema", {}).get("name", "")
    return str(name)


def as_json(**fields: Any) -> str:
    return json.dumps(fields)
