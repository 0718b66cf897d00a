"""What the calls of one run cost, and the limit that no call may pass.

A limit is kept by reservation: before a call, the most it may cost is set aside. Where that does
not fit beside what is spent and set aside, the call waits for others to end, since they cost less
than was set aside for them; with no other in flight, the run stops. So the sum of what answers cost
stays under the limit, whatever the concurrency.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from core.errors import Stopped, UserError
from core.events import Progress
from core.llm import Ask
from core.llm.reply import strict_schema
from core.prices import Price, Usage, cost_of, dollars
from core.runs.stopping import Stop

_ANSWERS = 2  # most answers that one call is charged for: the first, and the one to its repair turn
_BYTES_PER_TOKEN = 2  # fewer than any usual text has, so that no call is thought cheaper than it is
_LOOK_UP_S = 0.2  # longest wait before a waiting call looks whether its run ends


@dataclass(frozen=True)
class Limit:
    """The most that all runs of the same settings may cost."""

    dollars: float
    answer_tokens: int  # longest answer that the server is asked for


class Spending:
    """Counts calls, tokens and dollars of one run. Safe to share between its threads.

    Against the limit count, in dollars, also `spent_before` by other runs of the same settings, and
    what is set aside for questions `in_jobs`; `waiting` says how many these are, `batch_round` in which round.
    """

    def __init__(self, prices: Mapping[str, Price], stop: Stop, limit: Limit | None = None) -> None:
        self.spent_before = 0.0
        self.in_jobs = 0.0
        self.waiting = 0
        self.batch_round = 0
        self._prices = prices
        self._stop = stop
        self._limit = limit
        self._aside = 0.0
        self._sums = Progress(total=0)
        self._changed = threading.Condition()

    def check(self, models: Iterable[str], *, unpriced_before: int) -> None:
        """Raise `UserError` where a limit is set that cannot be kept: a price or what was spent is unknown.

        `unpriced_before`: calls of unknown cost that these settings have had.
        """
        if self._limit is None:
            return
        for model in models:
            if model not in self._prices:
                raise UserError(
                    f"--max-cost needs the price of {model!r}, in dollars per million tokens. Write into agenther.toml:"
                    f' [prices."{model}"] and under it input = ... and output = ... (0 and 0 for a server of your own).'
                )
        if unpriced_before:
            calls = "1 call" if unpriced_before == 1 else f"{unpriced_before:,} calls"
            raise UserError(
                f"--max-cost cannot be kept: {calls} of these settings have no known cost. `agenther price` gives them"
                " the prices of agenther.toml, where the server counted their tokens."
            )

    @contextmanager
    def call(self, model: str, question: Ask[Any]) -> Iterator[None]:
        """One call under way. Raises `Stopped` where the run ends or the limit leaves no room for it."""
        aside = self._set_aside(model, question)
        try:
            yield
        finally:
            with self._changed:
                self._aside -= aside
                self._sums = replace(self._sums, in_flight=self._sums.in_flight - 1)
                self._changed.notify_all()

    def most_in_job(self, model: str, request: bytes) -> float:
        """The most dollars that one request of a batch job may cost."""
        price = self._prices.get(model)
        if self._limit is None or price is None:
            return 0.0
        usage = Usage(len(request) // _BYTES_PER_TOKEN + 1, self._limit.answer_tokens)
        return price.in_batch.cost(usage) or 0.0

    def no_room_for(self, model: str, question: Ask[Any]) -> str:
        """Why a live call may not begin now; empty if it may."""
        return self.no_room(self._most(model, question))

    def no_room(self, most: float) -> str:
        """Why a call that costs at most so many dollars may not begin now; empty if it may."""
        limit = self._limit
        if limit is None or self._spent + self.in_jobs + self._aside + most <= limit.dollars:
            return ""
        words = f"{dollars(self._spent)} is spent and the next call may cost up to {dollars(most)}"
        return f"the limit of {dollars(limit.dollars)} is reached ({words}); a higher --max-cost goes on"

    def count(self, model: str, usage: Usage, *, in_batch: bool = False) -> float | None:
        """Count what one call has used; its dollars, None = unknown."""
        price = self._prices.get(model)
        cost = cost_of(price.in_batch if price and in_batch else price, usage)
        with self._changed:
            now = self._sums
            self._sums = replace(
                now,
                calls=now.calls + 1,
                input_tokens=now.input_tokens + usage.input_tokens,
                output_tokens=now.output_tokens + usage.output_tokens,
                cost_usd=now.cost_usd + (cost or 0.0),
                unpriced=now.unpriced + (cost is None),
            )
        if cost is None and self._limit:
            self._stop.ask(f"the server of {model!r} counts no tokens, so --max-cost cannot be kept")
        return cost

    def count_stored(self) -> None:
        """Count one answer that was taken from the store."""
        with self._changed:
            self._sums = replace(self._sums, from_store=self._sums.from_store + 1)

    @property
    def in_flight(self) -> int:
        """Calls under way, those in batch jobs included."""
        return self._sums.in_flight + self.waiting

    def on(self, progress: Progress) -> Progress:
        """`progress` with the figures of the calls so far."""
        now = self._sums
        return replace(
            progress,
            in_flight=self.in_flight,
            batch_round=self.batch_round,
            calls=now.calls,
            input_tokens=now.input_tokens,
            output_tokens=now.output_tokens,
            cost_usd=now.cost_usd,
            unpriced=now.unpriced,
            from_store=now.from_store,
        )

    def _set_aside(self, model: str, question: Ask[Any]) -> float:
        with self._changed:
            while not self._stop.why:
                most = self._most(model, question)
                no_room = self.no_room(most)
                if not no_room:
                    self._aside += most
                    self._sums = replace(self._sums, in_flight=self._sums.in_flight + 1)
                    return most
                if not self._sums.in_flight:
                    self._stop.ask(no_room)
                else:
                    self._changed.wait(_LOOK_UP_S)
        raise Stopped(self._stop.why)

    @property
    def _spent(self) -> float:
        return self.spent_before + self._sums.cost_usd

    def _most(self, model: str, question: Ask[Any]) -> float:
        """The most one call may cost: its repair turn shows the first answer again."""
        price = self._prices.get(model)
        if self._limit is None or price is None:
            return 0.0
        form: type[BaseModel] = question.reply
        asked = f"{question.system}{question.user}{strict_schema(form)}"
        read = len(asked.encode()) // _BYTES_PER_TOKEN + 1
        again = read + self._limit.answer_tokens
        return price.cost(Usage(read + again, _ANSWERS * self._limit.answer_tokens)) or 0.0
