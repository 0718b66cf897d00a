"""The command line. stdout is data, stderr is talk; exit 0 done, 1 some items failed, 2 nothing done.

Each command lives in a module of its own that is imported only when it is called, and imports what
costs (openai, pandas, the pipeline) only while it runs: `agenther --help` answers at once.
"""

import importlib
import os
import sys

import click

from core.errors import UserError

_COMMANDS = {
    "demo": ("core.cli.review", "Sample data through the four stages and into the review app. No key, no network."),
    "import": ("core.cli.importing", "Read trajectories from files, folders or globs into a database."),
    "validate": ("core.cli.importing", "Say what an import would take and what not, and change nothing."),
    "run": ("core.cli.run", "Take trajectories through the four stages; goes on where it stopped."),
    "review": ("core.cli.review", "Open the review app on a database."),
    "export": ("core.cli.export", "Write what was approved as training data."),
    "push": ("core.cli.push", "Send an export folder to the Hugging Face hub; private unless told otherwise."),
    "dump": ("core.cli.dump", "Write every imported trajectory as JSONL in AgentHER's own schema."),
    "rejected": ("core.cli.rejected", "List the records that imports did not take, or print one as it stood."),
    "formats": ("core.cli.formats", "List what is read and written, with an example of each format that is read."),
    "runs": ("core.cli.runs", "List the runs of a database, say what one found, or in what two differ."),
    "price": ("core.cli.price", "Give calls that were made without a price the prices of agenther.toml."),
    "status": ("core.cli.status", "Say what is in a database and how far it is."),
    "config": ("core.cli.status", "Print the settings in force and where each came from."),
}


class _LazyGroup(click.Group):
    """Knows the commands by name and one line; imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="agenther", message="agenther %(version)s")
def cli() -> None:
    """Turn failed agent runs into reviewed training data.

    \b
    agenther demo                                      look at it, with sample data
    agenther import runs.jsonl --db team.db            read your runs
    agenther run --db team.db                          find out what each achieved, propose a new goal
    agenther review --db team.db                       accept, edit or reject in the browser
    agenther export --db team.db -f sft -o train/      write what was approved
    """


def main() -> None:
    """Run the command line; an expected error is one line on stderr, never a traceback."""
    from core.cli.console import never_refuse_a_character

    never_refuse_a_character()
    try:
        cli.main(prog_name="agenther", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.UsageError as error:
        name = error.ctx.command_path if error.ctx else "agenther"
        _fail(f"Error: {error.format_message()} See {name} --help.", 2)
    except click.ClickException as error:
        _fail(f"Error: {error.format_message()}", 2)
    except UserError as error:
        _fail(f"Error: {error}", 2)
    except (click.Abort, KeyboardInterrupt):  # click turns the one into the other
        _fail("Stopped. What was stored is kept; the same command goes on, or does the rest anew.", 130)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); silence the interpreter's own complaint too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:  # a full disk, a folder that may not be read
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"Error: {where}{error.strerror or error}.", 2)


def _fail(message: str, code: int) -> None:
    from core.cli.console import say

    say(" ".join(message.split()))
    sys.exit(code)
