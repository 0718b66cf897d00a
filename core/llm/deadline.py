"""A deadline that holds for the whole of an exchange, not for each read of it.

A time-out counts per read, so a server that sends a byte of its headers now and then would hold a call
for ever. Every read and write on a connection gets no longer than is left of its thread's deadline.
"""

import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2

_SOON_S = 0.001  # a socket takes no time-out of 0
_now = threading.local()  # `until`, on the clock of `time.monotonic`: a client reads on the thread that asks


def begin(request: httpx2.Request) -> None:
    """A request hook: the deadline of this thread is the read time-out of the request, from now on."""
    _now.until = time.monotonic() + request.extensions["timeout"]["read"]


def hold(client: httpx2.Client) -> None:
    """Let the deadline hold on every connection that `client` opens, by proxies too."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx2.HTTPTransport):
            transport._pool._network_backend = _InTimeBackend()


def _left(timeout: float | None, late: type[httpcore2.TimeoutException]) -> float:
    left = float(_now.until) - time.monotonic()
    if left <= 0:
        raise late("the answer came too slowly")
    return max(_SOON_S, left if timeout is None else min(timeout, left))


class _InTimeBackend(httpcore2.SyncBackend):
    def connect_tcp(self, *args: Any, **settings: Any) -> httpcore2.NetworkStream:
        return _InTime(super().connect_tcp(*args, **settings))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        return _InTime(super().connect_unix_socket(path, timeout, socket_options))


class _InTime(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _InTime(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
