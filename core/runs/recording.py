"""A chat that stores every reply as it arrives and never pays for the same call twice."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from core.errors import BadReply, StageFailure
from core.llm import Ask, Chat, Reply, parse_reply
from core.llm.chat import T
from core.prices import Usage
from core.runs.spending import Spending
from core.runs.underway import Underway
from core.runs.writer import Write
from core.store import Store
from core.store.calls import StoredCall, add_call, find_reply


@dataclass(frozen=True)
class RecordingChat:
    """Wraps a chat for one trajectory of one run. `store` is only read, on the thread that asks."""

    inner: Chat
    store: Store
    write: Write
    run_id: int
    trajectory_key: str
    spending: Spending
    slots: AbstractContextManager[object] = field(default_factory=nullcontext)  # one for each call in flight
    underway: Underway = field(default_factory=Underway)  # shared by all threads of the run

    @property
    def model(self) -> str:
        """Name of the wrapped model."""
        return self.inner.model

    @property
    def name(self) -> str:
        """What tells it from the other models of the run."""
        return self.inner.name

    def ask(self, question: Ask[T]) -> Reply[T]:
        """Answer from the store where this very call was paid for already, else ask and store.

        Where another thread asks the same just now, its answer is waited for.
        A failed call that the server charged for is stored too. Raises `Stopped` instead of asking
        once the run ends or its limit leaves no room.
        """
        request = question.request_hash(self.name)
        with self.underway.alone(request):
            return self._stored(request, question) or self._asked(request, question)

    def _stored(self, request: str, question: Ask[T]) -> Reply[T] | None:
        known = find_reply(self.store, request)
        if known is None:
            return None
        try:
            reply = Reply(parse_reply(known, question.reply), known, self.model, requests=0)
        except BadReply:  # of a call that came to nothing, or of an older form: asked again
            return None
        self.spending.count_stored()
        return reply

    def _asked(self, request: str, question: Ask[T]) -> Reply[T]:
        # Held until the reply is stored, so a kill loses no more calls than may be in flight.
        with self.slots, self.spending.call(self.model, question):
            try:
                reply = self.inner.ask(question)
            except StageFailure as error:
                used, text = error.used, error.text if isinstance(error, BadReply) else ""
                usage = Usage(used.input_tokens, used.output_tokens, used.cached_tokens)
                if usage != Usage():  # paid for all the same
                    came_to = {"latency_s": used.seconds, "requests": used.requests, "fault": str(error)}
                    self._save(request, question, usage, text, **came_to)
                raise
            came_to = {"latency_s": reply.latency_s, "requests": reply.requests}
            self._save(request, question, reply.usage, reply.text, **came_to)
        return reply

    def _save(self, request: str, question: Ask[Any], usage: Usage, text: str, **came_to: Any) -> None:
        call = StoredCall(
            request_hash=request,
            stage=question.stage,
            model=self.model,
            prompt_hash=question.prompt_hash,
            temperature=question.temperature,
            usage=usage,
            cost_usd=self.spending.count(self.model, usage),
            reply=text,
            **came_to,
        )
        in_flight = self.spending.in_flight
        run_id, key = self.run_id, self.trajectory_key
        self.write(lambda store: add_call(store, call, run_id=run_id, trajectory_key=key, in_flight=in_flight))
