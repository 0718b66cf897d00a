"""Options that several commands share, and the settings that they become."""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from core.errors import UserError

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = click.Choice(["sft", "dpo", "kto", "sharegpt", "openai"])
THOUGHTS = click.Choice(["content", "reasoning_content", "drop"])
ARGUMENTS = click.Choice(["object", "string"])
PAIRS = click.Choice(["answers", "calls", "prompts"])


def place(value: str | Path) -> Path:
    """A path as typed; `~` is expanded here too, because a shell leaves it in `--db=~/team.db`."""
    text, path = str(value), Path(value)
    if not text.strip():
        raise click.BadParameter("it is empty; name a file or a folder.")
    if not text.startswith("~") or path.exists():
        return path
    try:
        return path.expanduser()
    except RuntimeError:
        raise click.BadParameter(f"{text}: there is no such user here; ./{text} is a file of that name.") from None


db_option = click.option("--db", type=place, required=True, metavar="FILE", help="Database file.")
format_option = click.option(
    "--format",
    "source",
    default="auto",
    metavar="NAME",
    help="Format of the files; found out from their content by default.",
)


def pipeline_options(command: F) -> F:
    """Every setting of the stages as a flag; the reference's names and short forms are kept."""
    for option in reversed(
        (
            click.option("--rules", is_flag=True, help="Ask no model, whatever environment and agenther.toml say."),
            click.option("-m", "--model", metavar="NAME", help="Model of stages 2 and 3; without one, rules."),
            click.option("--base-url", metavar="URL", help="OpenAI-compatible endpoint."),
            click.option("--api-key", metavar="KEY", help="Key of the endpoint; better set OPENAI_API_KEY."),
            click.option(
                "--judge-model",
                metavar="NAME[@URL]",
                multiple=True,
                help="Model of the second judge [default: the model]; give it again for each further judge.",
            ),
            click.option("--judge-base-url", metavar="URL", help="Endpoint of the judge [default: the endpoint]."),
            click.option(
                "--judge-rule",
                type=click.Choice(["all", "majority"]),
                help="When several judges mean yes [default: all].",
            ),
            click.option(
                "--llm-detector/--rule-detector", "use_llm_detector", default=None, help="Stage 1 [default: rules]."
            ),
            click.option(
                "--llm-extractor/--rule-extractor",
                "use_llm_extractor",
                default=None,
                help="Stage 2, with a model [default: model].",
            ),
            click.option("--temperature", type=float, metavar="X", help="First attempt, 0..2 [default: 0.3]."),
            click.option("--concurrency", type=int, metavar="N", help="Model calls in flight at once [default: 4]."),
            click.option("--rpm", type=int, metavar="N", help="Most requests a minute [default: no limit]."),
            click.option("--tpm", type=int, metavar="N", help="Most tokens a minute [default: no limit]."),
            click.option("--max-tokens", type=int, metavar="N", help="Longest answer, in tokens [default: 2048]."),
            click.option("--timeout", type=float, metavar="S", help="Seconds one model call may take [default: 300]."),
            click.option(
                "--max-cost",
                type=float,
                metavar="USD",
                help="Begin no call that could bring what these settings have cost above this; needs prices.",
            ),
            click.option(
                "--min-confidence", type=float, metavar="X", help="theta: least accepted score, 0..1 [default: 0.5]."
            ),
            click.option(
                "--severity-threshold",
                type=float,
                metavar="X",
                help="delta: least weight (1 - severity) worth a relabelling, 0..1 [default: 0.3].",
            ),
            click.option(
                "--max-attempts",
                "relabel_max_attempts",
                type=int,
                metavar="K",
                help="Attempts at a new goal per trajectory [default: 3].",
            ),
            click.option("--goals", type=int, metavar="N", help="Goals that one attempt may propose [default: 2]."),
            click.option(
                "--context-tokens",
                type=int,
                metavar="N",
                help="Longest prompt, in tokens; a longer run is cut, or read in parts [default: 24000].",
            ),
        )
    ):
        command = option(command)
    return command


def settings_from(flags: Mapping[str, Any]) -> Any:
    """Settings in force, given the flags of this command; `rules` stands for no model at all."""
    from core.settings import load_settings

    given = dict(flags)
    if given.pop("rules", False):
        if given.get("model"):
            raise UserError("--rules asks no model and --model names one; give only one of them.")
        given |= dict.fromkeys(("model", "judge_model", "judge_base_url"), "")
    return load_settings(given)


def next_step(command: str, db: Path) -> str:
    """The line that says which command comes next, ready to be pasted."""
    return f"Next: agenther {command} --db {shlex.quote(str(db))}"


def database_for(db: Path | None, output: Path | None, output_dir: Path) -> Path:
    """Where a command without `--db` keeps its database: beside its output, in a folder that is made for it."""
    place = database_place(db, output, output_dir)
    if db is None:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{place.parent} cannot be made: {error.strerror}.") from None
    return place


def database_place(db: Path | None, output: Path | None, output_dir: Path) -> Path:
    """The path of `database_for`, without the folder."""
    if db is not None:
        return db
    if output is None:
        return output_dir / "agenther.db"
    named = output if output.name.strip(".") else output.resolve()  # `.` and `..` are folders with a name too
    return named.parent / f"{named.stem}.db"
