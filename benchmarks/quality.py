"""How right each rule-based stage is on real runs: labels, error observations, gold cases, grounding of prompts.

Beside ours stand the reference's figures, where it has any; they were measured on its own rules over other files.
"""

import re
from collections import Counter
from dataclasses import dataclass
from statistics import median

from benchmarks.labelled import DATA, drawn, gold_runs, labels, runs_by_source
from benchmarks.report import show
from core.models import (
    Attempt,
    Cause,
    FailedTrajectory,
    FailureAnalysis,
    FailureType,
    Label,
    LabelOutcome,
    PipelineResult,
)
from core.pipeline import run_stages
from core.settings import PipelineConfig
from core.stages.detect import detect_with_rules
from core.stages.grounding.stale import stale_words
from core.stages.results import read_result

_REFERENCE = (
    ("successful runs known as such", "0 of 84 (tau-bench)"),
    ("failed runs thrown away as tool errors", "29 of 116 (tau-bench), 13 of 21 (SWE-agent)"),
    ("share of observation text that its extractor sees", "32 %; 59 % is lost to a cut at 300 characters"),
    ("key observations that hold a bare comma as a number", "92 % of 1,195"),
    ("words of the old goal left in its own first example", "6"),
    ("candidates of one run", "at most 1"),
)


@dataclass(frozen=True)
class _Done:
    run: FailedTrajectory
    result: PipelineResult

    @property
    def analysis(self) -> FailureAnalysis:
        assert self.result.analysis is not None
        return self.result.analysis


def main() -> None:
    """Print a table each: labels, error observations, what is thrown away, gold cases, prompts."""
    if not runs_by_source():
        print(f"Nothing measured: no real runs in {DATA}.")
        return
    settings = PipelineConfig()
    done = {
        source: [_Done(run, run_stages(run, None, (), settings)) for _, run in runs]
        for source, runs in runs_by_source().items()
    }
    for table in (_labels, _kept):
        table(done)
        print()
    _errors()
    print()
    _gold()
    print()
    _prompts(done)
    print()
    show(("The reference", "its figure"), _REFERENCE)


def _labels(done: dict[str, list[_Done]]) -> None:
    """What the rules say of a run whose label is hidden from them, against the label."""
    rows, total = [], Counter[str]()
    for source, runs in done.items():
        said: Counter[str] = Counter()
        for one in runs:
            outcome = one.run.label.outcome
            if outcome is not LabelOutcome.UNKNOWN:
                said["n"] += 1
                guess = detect_with_rules(_unlabelled(one.run)).is_failure
                known = one.analysis.is_failure is (outcome is LabelOutcome.FAILURE)
                said["with label"] += known
                said["open" if guess is None else str(guess is (outcome is LabelOutcome.FAILURE))] += 1
        if said["n"]:
            rows.append(_label_row(source, said))
            total += said
    rows.append(_label_row("all", total))
    show(("Label agreement", "n", "label given", "hidden: agrees", "hidden: contradicts", "hidden: left open"), rows)


def _label_row(source: str, said: Counter[str]) -> tuple[object, ...]:
    return source, said["n"], said["with label"], said["True"], said["False"], said["open"]


def _unlabelled(run: FailedTrajectory) -> FailedTrajectory:
    return run.without_grader_text().model_copy(update={"label": Label(), "failure_reason": ""})


def _kept(done: dict[str, list[_Done]]) -> None:
    """Of the failed runs in which a call achieved something, those that get no proposal."""
    rows = []
    for source, runs in done.items():
        failed = [one for one in runs if one.analysis.is_failure is not False]
        if not failed:
            continue
        skips = Counter(one.result.skip.reason.value for one in failed if one.result.skip)
        wrongly = sum(one.analysis.recoverable and one.result.skip is not None for one in failed)
        listed = ", ".join(f"{reason} {count}" for reason, count in skips.items()) or "-"
        rows.append((source, len(failed), sum(skips.values()), wrongly, listed))
    show(("Failed runs", "n", "thrown away", "though something worked", "why"), rows)


def _errors() -> None:
    """Error observations against the labels of a person."""
    known = labels()
    rows, total = [], Counter[str]()
    by_source: dict[str, Counter[str]] = {}
    for source, key, step in drawn():
        said, is_error = read_result(step).failed, known[key]
        name = ("hit" if is_error else "false alarm") if said else ("missed" if is_error else "fine")
        by_source.setdefault(source, Counter())[name] += 1
    for source, counts in by_source.items():
        rows.append(_error_row(source, counts))
        total += counts
    rows.append(_error_row("all", total))
    show(("Error observations", "n", "errors", "precision", "recall"), rows)


def _error_row(source: str, counts: Counter[str]) -> tuple[object, ...]:
    hits, errors = counts["hit"], counts["hit"] + counts["missed"]
    precision = _share(hits, hits + counts["false alarm"])
    return source, sum(counts.values()), errors, precision, _share(hits, errors)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part}/{whole})" if whole else "-"


def _gold() -> None:
    """Runs that one careful reader has read in full."""
    counts: Counter[str] = Counter()
    rows = []
    for case, run in gold_runs():
        analysis = run_stages(run, None, (), PipelineConfig()).analysis
        assert analysis is not None
        counts["n"] += 1
        if case["is_failure"]:
            counts["typed"] += 1
            counts["type"] += analysis.failure_type == FailureType(case["failure_type"])
        else:
            counts["noise"] += 1
            counts["seen as noise"] += analysis.cause is Cause.LABEL_NOISE
        worth = _worth(case["recoverable"])
        if worth is not None:
            counts["judged"] += 1
            counts["recoverable"] += analysis.recoverable is worth
            if said := re.search(r"recoverable (True|False)", case["reference_rule"]):
                counts["reference judged"] += 1
                counts["reference"] += (said[1] == "True") is worth
        rows.append((
            run.trajectory_id,
            case["failure_type"] or "(label noise)",
            analysis.failure_type.value if analysis.failure_type else "-",
            case["recoverable"].split(" ")[0],
            "yes" if analysis.recoverable else "no",
        ))  # fmt: skip
    show(("Gold case", "type read", "type", "recoverable read", "recoverable"), rows)
    print()
    show(
        ("Gold cases", "agreement", "reference"),
        [
            ("type of the failures", _share(counts["type"], counts["typed"]), "-"),
            ("label noise told", _share(counts["seen as noise"], counts["noise"]), "-"),
            (
                "recoverable",
                _share(counts["recoverable"], counts["judged"]),
                _share(counts["reference"], counts["reference judged"]),
            ),
        ],
    )


def _worth(recoverable: str) -> bool | None:
    """What a reader says of a run: anything in it worth keeping; None if in doubt. Only a prefix is something too."""
    if recoverable.startswith("doubtful"):
        return None
    return not recoverable.startswith("no") or "prefix" in recoverable


def _prompts(done: dict[str, list[_Done]]) -> None:
    """What code finds in proposed prompts, and how many candidates there are."""
    rows = [_prompt_row(source, runs) for source, runs in done.items()]
    rows.append(_prompt_row("all", [one for runs in done.values() for one in runs]))
    columns = (
        "Prompts", "recoverable", "with a candidate", "median", "accepted", "unsupported", "leaks", "stale words",
        "candidates", "unsupported ", "leaks ",
    )  # fmt: skip
    show(columns, [row for row in rows if row[1]])


def _prompt_row(source: str, runs: list[_Done]) -> tuple[object, ...]:
    worth = [one.result.relabeled for one in runs if one.analysis.is_failure is not False and one.analysis.recoverable]
    made = [relabeled for relabeled in worth if relabeled]
    candidates = [attempt for relabeled in made for attempt in relabeled.attempts]
    middle = median(len(relabeled.attempts) for relabeled in made) if made else 0
    accepted = sum(relabeled.accepted for relabeled in made)
    proposed = _faults([relabeled.attempt for relabeled in made])
    shown = (*proposed, sum(map(_left, runs)), len(candidates), *_faults(candidates))
    return source, len(worth), _share(len(made), len(worth)), f"{middle:g}", accepted, *shown


def _faults(attempts: list[Attempt]) -> tuple[int, int]:
    checks = [attempt.grounding for attempt in attempts]
    return sum(len(check.unsupported) for check in checks), sum(len(check.leaks) for check in checks)


def _left(one: _Done) -> int:
    """Words of the old goal in what the row of a proposal has the model say."""
    sample = one.result.sample
    if sample is None or one.result.relabeled is None:
        return 0
    attempt = one.result.relabeled.attempt
    spoken = [
        part
        for message in sample.messages
        if message.role == "assistant"
        for part in (message.thought, message.content)
    ]
    silent = one.run.model_copy(
        update={"steps": tuple(step.model_copy(update={"thought": ""}) for step in one.run.steps)}
    )
    answer = "\n".join(spoken)
    return len(
        stale_words(
            attempt.hindsight_prompt, silent, first=attempt.first_step, last=attempt.last_step, final_answer=answer
        )
    )
