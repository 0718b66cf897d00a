"""`ScriptedChat`: a model whose answers are written beforehand, for tests and demonstrations.

It answers through the same reading as a real one: a text that does not fit is a `BadReply`.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from core.errors import BadReply, StageFailure
from core.llm.chat import Ask, Reply, T
from core.llm.reply import Unreadable, read_reply

Answer = str | dict[str, Any] | BaseModel | Exception


class ScriptedChat:
    """A `Chat` that gives enqueued answers in order, then those of `answer`; records every `Ask`.

    An answer is reply text, a JSON-like dict, a reply value, or an exception to raise. Without an
    answer left it raises `StageFailure`. Safe to share between threads.
    """

    def __init__(
        self,
        answers: Iterable[Answer] = (),
        *,
        answer: Callable[[Ask[Any]], Answer] | None = None,
        model: str = "scripted",
    ) -> None:
        self.model = self.name = model
        self._queue = deque(answers)
        self._answer = answer
        self._asked: list[Ask[Any]] = []
        self._lock = threading.Lock()

    @property
    def asked(self) -> tuple[Ask[Any], ...]:
        """Every question so far, oldest first."""
        with self._lock:
            return tuple(self._asked)

    def enqueue(self, *answers: Answer) -> None:
        """Add answers to give, in this order, before any other."""
        with self._lock:
            self._queue.extend(answers)

    def ask(self, question: Ask[T]) -> Reply[T]:
        """Give the next answer."""
        with self._lock:
            self._asked.append(question)
            given = self._queue.popleft() if self._queue else None
        if given is None and self._answer is not None:
            given = self._answer(question)
        if given is None:
            raise StageFailure(f"{self.model} has no answer left for a {question.stage} question.")
        if isinstance(given, Exception):
            raise given
        text = given if isinstance(given, str) else _as_text(given)
        try:
            value = read_reply(text, question.reply)
        except Unreadable as problem:
            raise BadReply(f"{self.model}: {problem}", text=text) from None
        return Reply(value, text, self.model)


def _as_text(given: dict[str, Any] | BaseModel) -> str:
    return given.model_dump_json() if isinstance(given, BaseModel) else json.dumps(given, ensure_ascii=False)
