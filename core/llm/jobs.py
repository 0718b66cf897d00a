"""What a server tells of batch jobs: files, jobs and lines of answers, in OpenAI's forms.

Of each only what is used; what a server tells besides, or wrongly, costs nothing.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, WrapValidator

from core.llm.answer import none_if_odd

MOST_REQUESTS = 50_000  # of one job: OpenAI's limit
WORDS = 300  # characters of a server's own words that are passed on
_ENDED = ("completed", "failed", "expired", "cancelled")
_UNDER_WAY = ("validating", "in_progress", "finalizing", "cancelling", "queued", "pending", "running")


@dataclass(frozen=True)
class Job:
    """One job as the server sees it: `state` is its own word, `over` the requests that are answered or failed."""

    id: str
    state: str
    over: int = 0
    files: tuple[str, ...] = ()
    problem: str = ""

    @property
    def ended(self) -> bool:
        """Whether its files hold all that they will."""
        return self.state in _ENDED

    @property
    def odd(self) -> bool:
        """Whether its state is none that batch jobs are known to have, so that it may never end."""
        return not self.ended and self.state not in _UNDER_WAY


class FileTold(BaseModel):
    """An uploaded file."""

    id: str


_Besides = WrapValidator(none_if_odd)
_Number = Annotated[int | None, Field(ge=0, le=MOST_REQUESTS), _Besides]
_Said = Annotated[str | None, _Besides]


class _Counts(BaseModel):
    completed: _Number = None
    failed: _Number = None


class _Problem(BaseModel):
    message: _Said = None
    code: _Said = None

    @property
    def said(self) -> str:
        return self.message or self.code or ""


class _Problems(BaseModel):
    data: Annotated[list[_Problem] | None, _Besides] = None


class JobTold(BaseModel):
    """A job."""

    id: str
    status: str
    metadata: Annotated[dict[str, Any] | None, _Besides] = None
    output_file_id: _Said = None
    error_file_id: _Said = None
    request_counts: Annotated[_Counts | None, _Besides] = None
    errors: Annotated[_Problems | None, _Besides] = None

    @property
    def seen(self) -> Job:
        """The job without what may be missing or odd."""
        counts = self.request_counts or _Counts()
        files = tuple(file for file in (self.output_file_id, self.error_file_id) if file)
        first = next(iter((self.errors and self.errors.data) or ()), _Problem())
        over = (counts.completed or 0) + (counts.failed or 0)
        return Job(self.id, self.status.lower(), over, files, first.said[:WORDS])


class PageTold(BaseModel):
    """A page of a list of jobs."""

    data: list[JobTold]
    has_more: Annotated[bool | None, _Besides] = None


class ResponseTold(BaseModel):
    """The HTTP response to one request of a job."""

    status_code: int
    body: Any = None


class LineTold(BaseModel):
    """One line of an output or error file."""

    custom_id: str
    response: ResponseTold | None = None
    error: Annotated[_Problem | None, _Besides] = None
