"""Batch jobs that wait at a server, in words."""

from collections.abc import Sequence

from core.store.batches import WaitingJob

_NAMED = 3


def jobs_in_words(jobs: Sequence[WaitingJob]) -> str:
    """`Batch jobs waiting: 1 (254 questions, batch_1, begun 2026-11-23 10:00 UTC)`; empty where none waits."""
    if not jobs:
        return ""
    questions = sum(job.requests for job in jobs)
    names = ", ".join(job.job_id for job in jobs[:_NAMED]) + (", ..." if len(jobs) > _NAMED else "")
    begun = jobs[0].begun[:16].replace("T", " ")
    many = "question" if questions == 1 else "questions"
    return f"Batch jobs waiting: {len(jobs)} ({questions:,} {many}, {names}, begun {begun} UTC)"
