"""Batch jobs of the test server: files, jobs and their states as OpenAI has them, kept in memory.

A job is worked off when it is looked at, `looks` times after it was begun. Every line of every job
is in `lines`; what became of each is decided by the server's own `answer`, or by `refuse`.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import web

Body = dict[str, Any]
Answered = Callable[[Body], tuple[int, Body]]


class Batches:
    """Settings may be changed at any time.

    `there`: whether the endpoints exist. `hold`: no job ends. `endings`: how the next jobs end
    (completed | failed | expired | cancelled; completed, once empty). `refuse`: HTTP status of the
    error that a request gets, None for its answer. `lose`: so many jobs are begun, but the
    connection breaks before the answer. `silent`: they are begun, and nothing is said until the server closes.
    `trouble`: so many looks at a job are answered with HTTP 503. `gone`: so many files with answers are
    deleted before they are read. `endless`: a list of jobs never ends.
    """

    def __init__(
        self, answered: Answered, *, key: Callable[[], str | None], closing: Callable[[], asyncio.Event]
    ) -> None:
        self.there = True
        self.hold = False
        self.looks = 0
        self.endings: deque[str] = deque()
        self.refuse: Callable[[Body], int | None] = lambda _: None
        self.lose = 0
        self.silent = False
        self.trouble = 0
        self.gone = 0
        self.endless = False
        self.jobs: list[Body] = []
        self.lines: list[Body] = []
        self.files: dict[str, bytes] = {}
        self._answered = answered
        self._key = key
        self._closing = closing

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/files", self._upload),
            web.get("/v1/files/{id}/content", self._content),
            web.post("/v1/batches", self._create),
            web.get("/v1/batches", self._list),
            web.get("/v1/batches/{id}", self._look),
            web.post("/v1/batches/{id}/cancel", self._cancel),
        ]

    def asked(self) -> list[str]:
        """The custom_id of every line of every job."""
        return [line["custom_id"] for line in self.lines]

    def _check(self, request: web.Request) -> None:
        if not self.there:
            raise web.HTTPNotFound(text='{"error": {"message": "Not Found"}}', content_type="application/json")
        key = self._key()
        if key and request.headers.get("Authorization") != f"Bearer {key}":
            said = '{"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}'
            raise web.HTTPUnauthorized(text=said, content_type="application/json")

    async def _upload(self, request: web.Request) -> web.Response:
        self._check(request)
        form = await request.post()
        assert form["purpose"] == "batch"
        file = form["file"]
        assert isinstance(file, web.FileField)
        return web.json_response({"id": self._keep(file.file.read()), "object": "file", "purpose": "batch"})

    async def _content(self, request: web.Request) -> web.Response:
        self._check(request)
        if self.gone:
            self.gone -= 1
            raise web.HTTPNotFound(text='{"error": {"message": "No such File"}}', content_type="application/json")
        return web.Response(body=self.files[request.match_info["id"]])

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        wanted = await request.json()
        assert wanted["endpoint"] == "/v1/chat/completions"
        assert wanted["completion_window"] == "24h"
        lines = [json.loads(line) for line in self.files[wanted["input_file_id"]].splitlines()]
        ids = [line["custom_id"] for line in lines]
        assert len(set(ids)) == len(ids)
        job = {
            "id": f"batch_{len(self.jobs) + 1}",
            "object": "batch",
            "status": "validating",
            "input_file_id": wanted["input_file_id"],
            "metadata": wanted["metadata"],
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
            "left": self.looks,
        }
        self.jobs.append(job)
        self.lines += lines
        if self.silent:
            await self._closing().wait()
        if self.lose:
            self.lose -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(job)

    async def _list(self, request: web.Request) -> web.Response:
        self._check(request)
        newest_first = self.jobs[::-1]
        after = request.query.get("after")
        start = next((n for n, job in enumerate(newest_first, 1) if job["id"] == after), 0)
        limit = int(request.query.get("limit", "20"))
        page = newest_first[start : start + limit] or (newest_first[:1] if self.endless else [])
        more = self.endless or len(newest_first) > start + limit
        return web.json_response({"object": "list", "data": page, "has_more": more})

    async def _look(self, request: web.Request) -> web.Response:
        self._check(request)
        if self.trouble:
            self.trouble -= 1
            raise web.HTTPServiceUnavailable(text='{"error": {"message": "later"}}', content_type="application/json")
        job = self._job(request)
        if job["status"] in ("validating", "in_progress"):
            job["status"] = "in_progress"
            if not self.hold and not job["left"]:
                self._end(job, self.endings.popleft() if self.endings else "completed")
            job["left"] = max(0, job["left"] - 1)
        return web.json_response(job)

    async def _cancel(self, request: web.Request) -> web.Response:
        self._check(request)
        job = self._job(request)
        self._end(job, "cancelled")
        return web.json_response(job)

    def _job(self, request: web.Request) -> Body:
        for job in self.jobs:
            if job["id"] == request.match_info["id"]:
                return job
        raise web.HTTPNotFound(text='{"error": {"message": "No batch"}}', content_type="application/json")

    def _end(self, job: Body, state: str) -> None:
        """Work a job off; one that expires has time for half of it, one that is cancelled for none."""
        job["status"] = state
        if state == "failed":
            words = "Enqueued token limit reached for m. Please try again once some in_progress batches have ended."
            job["errors"] = {"object": "list", "data": [{"code": "token_limit_exceeded", "message": words}]}
            return
        lines = [json.loads(line) for line in self.files[job["input_file_id"]].splitlines()]
        in_time = {"completed": len(lines), "expired": len(lines) // 2, "cancelled": 0}.get(state, 0)
        good, bad = [], []
        for number, line in enumerate(lines):
            if number >= in_time:
                error = {"code": f"batch_{state}", "message": "This request could not be executed in time."}
                bad.append(_result(line, None, error))
                continue
            refused = self.refuse(line["body"])
            status, body = (
                (refused, {"error": {"message": f"refused {refused}"}}) if refused else self._answered(line["body"])
            )
            (good if status == 200 else bad).append(_result(line, {"status_code": status, "body": body}, None))
        for name, results in (("output_file_id", good), ("error_file_id", bad)):
            job[name] = self._keep(b"".join(results)) if results else None
        job["request_counts"] = {"total": len(lines), "completed": len(good), "failed": len(bad)}

    def _keep(self, content: bytes) -> str:
        name = f"file-{len(self.files) + 1}"
        self.files[name] = content
        return name


def _result(line: Body, response: Body | None, error: Body | None) -> bytes:
    result = {"id": "batch_req_1", "custom_id": line["custom_id"], "response": response, "error": error}
    return json.dumps(result).encode() + b"\n"
