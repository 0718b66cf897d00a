"""Options of `agenther export` about what leaves: the selection, the split, masks and pseudonyms."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from core.cli.options import place

if TYPE_CHECKING:
    from core.export import Selection

F = TypeVar("F", bound=Callable[..., Any])
_SHARE = click.FloatRange(0, 1)
_DAY = click.DateTime(["%Y-%m-%d"])


def selection_options(command: F) -> F:
    """What `agenther export` takes of the approved items, by the names of `Selection`, and how it splits them."""
    for option in reversed(
        (
            click.option("--min-score", type=_SHARE, metavar="X", help="Least score, 0..1."),
            click.option("--min-weight", type=_SHARE, metavar="X", help="Least weight (1 - severity), 0..1."),
            _any_of("--failure-type", "failure_types", "Type of failure"),
            _any_of("--source", "sources", "Format that the run came in"),
            _any_of("--tag", "tags", "Tag of the run"),
            _any_of("--reviewer", "reviewers", "Who gave the verdict"),
            click.option("--reviewed-from", type=_DAY, metavar="DAY", help="First day of verdicts, YYYY-MM-DD, UTC."),
            click.option("--reviewed-to", type=_DAY, metavar="DAY", help="Last day of verdicts."),
            click.option("--per-task", type=click.IntRange(1), metavar="N", help="Most samples of one original task."),
            click.option("--unique-goals", is_flag=True, help="Of requests that ask for the same, take the best only."),
            click.option(
                "--paraphrases", is_flag=True, help="With --unique-goals: also those in other words, by a model."
            ),
            click.option("--max-tokens", type=click.IntRange(1), metavar="N", help="Longest sample, in tokens."),
            click.option(
                "--tokenizer",
                type=place,
                metavar="FILE",
                help="tokenizer.json of the model to count with [default: an estimate, 4 characters a token].",
            ),
            click.option("--test-share", type=_SHARE, default=0.0, metavar="X", help="Share of tasks for test.jsonl."),
            click.option("--redact", is_flag=True, help="Put masks in place of secrets and personal data."),
            click.option("--pseudonyms", is_flag=True, help="Call reviewers reviewer-1, reviewer-2, ..."),
        )
    ):
        command = option(command)
    return command


def selection_from(flags: dict[str, Any]) -> "Selection":
    """The selection that the options make."""
    from core.export import Selection

    days = {name: flags[name] and flags[name].date() for name in ("reviewed_from", "reviewed_to")}
    return Selection(**flags | days)


def _any_of(flag: str, name: str, what: str) -> Callable[[F], F]:
    return click.option(flag, name, multiple=True, metavar="NAME", help=f"{what}; give it again for each further one.")
