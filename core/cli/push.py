"""`agenther push`."""

from pathlib import Path

import click

from core.cli.console import counted, say
from core.cli.options import place


@click.command("push")
@click.argument("folder", type=place, metavar="FOLDER")
@click.argument("repo", metavar="ORG/NAME")
@click.option("--public", is_flag=True, help="Let everybody see the data set; private without it.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
def push_command(folder: Path, repo: str, public: bool, dry_run: bool) -> None:
    """Send an export folder to the Hugging Face hub, as a data set.

    Needs pip install -e ".[hub]" and a token: `hf auth login`, or HF_TOKEN.
    """
    from core.export.hub import pack, push

    parcel = pack(folder, repo, public=public)
    size = sum(size for _, size in parcel.files)
    who = "public" if public else "private"
    say(f"{counted(len(parcel.files), 'file')}, {size:,} bytes, for the {who} data set {repo}:")
    for name, of_file in parcel.files:
        say(f"  {name}  {of_file:,}")
    for kind, n in parcel.unmasked.items():
        say(f"  {counted(n, kind.replace('_', ' '))}: not masked; `agenther export --redact` masks it")
    say("Nothing was sent." if dry_run else f"Sent: {push(parcel)}")
