"""An export folder onto the Hugging Face hub: a data set that is private unless somebody says otherwise.

All files go in one commit, so that the hub never holds rows beside another export's manifest. The token and the
address of the hub are those of its own library (`hf auth login`, HF_TOKEN, HF_ENDPOINT).
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from core.formats.place import MANIFEST_FILE, OWN_FILES, is_export
from core.models import Value

if TYPE_CHECKING:
    from huggingface_hub import HfApi


class Parcel(Value):
    """What would be sent: the files of an export `folder`, to the data set `repo` (ORG/NAME).

    `unmasked` counts secrets and personal data that stand in the rows as they are, by kind.
    """

    folder: Path
    repo: str
    public: bool
    files: tuple[tuple[str, int], ...]  # name, bytes
    unmasked: dict[str, int]


def pack(folder: Path, repo: str, *, public: bool = False) -> Parcel:
    """Say what of `folder` would be sent, and ask nobody.

    Raises `UserError` where it holds no export, for a name that is not ORG/NAME, and for personal data in public.
    """
    if not is_export(folder):
        raise UserError(f"{folder} holds no export; name a folder that `agenther export` wrote.")
    owner, _, name = repo.partition("/")
    if not owner or not name or "/" in name:
        raise UserError(f"{repo!r} is no name of a data set; write ORG/NAME.")
    found = json.loads((folder / MANIFEST_FILE).read_text("utf-8")).get("personal_data") or {}
    unmasked = {} if found.get("masked") else {kind: n["found"] for kind, n in found.get("kinds", {}).items()}
    if public and unmasked:
        raise UserError(f"{folder} holds secrets or personal data; export it with --redact before it goes public.")
    files = tuple((name, (folder / name).stat().st_size) for name in sorted(OWN_FILES) if (folder / name).is_file())
    return Parcel(folder=folder, repo=repo, public=public, files=files, unmasked=unmasked)


def push(parcel: Parcel) -> str:
    """Send it in one commit, which also removes what an earlier export left there; the commit's address.

    A data set that is not there yet is made. Raises `UserError` where the hub refuses or cannot be reached, and for
    a data set that is public already where that was not asked for.
    """
    try:
        import httpx2  # noqa: PLC0415  what the hub's library speaks with
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi  # noqa: PLC0415  an extra
        from huggingface_hub.errors import HFValidationError  # noqa: PLC0415
    except ImportError:
        raise UserError('Sending to the hub needs its library: pip install -e ".[hub]".') from None
    api = HfApi(library_name="agenther")
    try:
        there = _files_there(api, parcel)
        sent = {name for name, _ in parcel.files}
        commit = api.create_commit(
            parcel.repo,
            [
                *(CommitOperationAdd(name, parcel.folder / name) for name in sorted(sent)),
                *(CommitOperationDelete(name) for name in sorted(there & OWN_FILES - sent)),
            ],
            commit_message="Export of AgentHER",
            repo_type="dataset",
        )
    except HFValidationError as error:
        raise UserError(f"{parcel.repo!r} is no name of a data set: {_first_line(error)}") from None
    except (httpx2.HTTPError, OSError) as error:
        raise UserError(_refusal(error, api.endpoint, parcel.repo)) from None
    return str(commit.commit_url)


def _files_there(api: "HfApi", parcel: Parcel) -> set[str]:
    """Names of the data set's files; it is made where it is not there."""
    from huggingface_hub.errors import RepositoryNotFoundError  # noqa: PLC0415

    try:
        info = api.dataset_info(parcel.repo)
    except RepositoryNotFoundError:
        api.create_repo(parcel.repo, repo_type="dataset", private=not parcel.public)
        return set()
    if not info.private and not parcel.public:
        raise UserError(f"{parcel.repo} is public; add --public if it is meant to be, or name another data set.")
    return {file.rfilename for file in info.siblings or ()}


def _refusal(error: Exception, hub: str, repo: str) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return f"{hub} does not let you write to {repo}; log in with `hf auth login` or set HF_TOKEN to a write token."
    if status is None:
        return f"{hub} cannot be reached: {_first_line(error)}"
    return f"{hub} refused {repo} ({status}): {getattr(error, 'server_message', None) or _first_line(error)}"


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
