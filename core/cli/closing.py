"""What `agenther run` says at its end, however it ended."""

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.console import say, table
from core.cli.options import next_step

if TYPE_CHECKING:
    from core.events import Progress
    from core.settings import Settings
    from core.store import Store

_SHOWN = 10  # failures named on the terminal
_WORDS = "agenther.words"  # where the words of the command are kept


class Remembered(click.Command):
    """A command that knows the words it was given, to say them again."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep them, then read them as ever."""
        ctx.meta[_WORDS] = tuple(args)
        return super().parse_args(ctx, args)


def report(store: "Store", settings: "Settings", done: "Progress") -> None:
    """Say why the run ended early, what became of the trajectories, what was asked, and what failed."""
    from core.review.effects import effect_of
    from core.review.thresholds import policy_in_force
    from core.runs.figures import asked
    from core.store.runs import failures, outcome_counts

    if done.stopped:
        say(f"{done.stopped[0].upper()}{done.stopped[1:]}. What was done is kept.")
    if not done.total:
        say("Nothing new to run: these settings have finished every trajectory.")
        if settings.pipeline.uses_model:
            say("A model is known by its name, at whatever address; docs/models.md says how to ask another anew.")
    policy = policy_in_force(store, settings.pipeline)
    effect = effect_of(store, policy.theta, policy.delta)
    rows: list[tuple[object, object]] = [
        (_words(row["status"], row["reason"]), row["n"]) for row in outcome_counts(store)
    ]
    table(("Result", "Trajectories"), rows, numbers=("Trajectories",))
    if line := asked(done):
        say(line)
    wait = "waits" if effect.queued == 1 else "wait"
    split = f"{effect.auto_accepted} would enter without a human, {effect.queued} {wait} for one."
    say(f"At theta {policy.theta:.2f}: {split}")
    if done.failed:
        for row in failures(store)[:_SHOWN]:
            say(f"  failed {row['trajectory_id']}: {row['summary']}")
        say("Run the same command again to retry what failed.")


def what_next(store: "Store", where: Path, done: "Progress") -> str:
    """The command that comes next: this one again where it was stopped, else the review."""
    from core.store.queue import state_counts

    if done.stopped:
        words = _without_secrets(click.get_current_context().meta.get(_WORDS, ()))
        return f"To go on: {shlex.join(('agenther', 'run', *words))}"
    open_ones = sum(n for state, n in state_counts(store).items() if state in ("pending", "deferred", "flagged"))
    return next_step("review", where) if open_ones else "No proposal waits for a review."


def _without_secrets(words: Iterable[str]) -> Iterable[str]:
    """The words of a command as people may see them."""
    is_key = False
    for word in words:
        name, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        shown = "***" if is_key or (equals and name == "--api-key") else _shown(value) if "://" in value else value
        yield f"{name}{equals}{shown}"
        is_key = word == "--api-key"


def _shown(address: str) -> str:
    """An address, or a judge at one, without a password."""
    from core.settings import shown_address, shown_judge, split_judge

    return shown_judge(address) if split_judge(address)[1] else shown_address(address)


def _words(status: str, reason: str | None) -> str:
    return f"skipped: {reason.replace('_', ' ')}" if reason else str(status)
