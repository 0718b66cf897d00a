"""How right the LLM way is on real runs, with scripted models over HTTP: one does its work well, one tells only errors.

How well a model writes depends on the model. What is shown is what becomes of its words: what a good one says has to
come through whole, and what a careless one says, though its own judge is sure of it, must not come through.
"""

import json
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

from openai_server import OpenAIServer, asked_form

from benchmarks.labelled import DATA, runs_by_source
from benchmarks.planted import BLIND, Case, Planted, cases, plant
from benchmarks.report import show
from core.llm import build_chats
from core.models import Field, PipelineResult
from core.pipeline import run_stages
from core.settings import PipelineConfig
from core.stages.detect import detect_with_rules
from core.stages.extract import extract_with_rules

_EACH = 8  # runs of one source
_INVENTED = "rhubarb crumble, 7,919 boxes of it"  # quoted by the careless model, and in no run
_YES = {
    "is_valid": True,
    "confidence": 95,
    "reason": "The calls show it.",
    "rubric": [{"name": "Right things", "score": 90, "applies": 100, "reason": "It names what the calls name."}],
}


@dataclass
class _Script:
    """What the model at the server says of one run; `bad`: faulty requests left to tell, if it is careless."""

    case: Case
    bad: list[Planted] | None = None
    invented: int = 0

    def __call__(self, body: dict[str, Any]) -> str:
        said = {"Outcome": self._outcome, "Proposal": self._proposal, "Judgement": lambda: _YES}
        return json.dumps(said.get(asked_form(body), lambda: {"thoughts": []})())

    def _outcome(self) -> dict[str, Any]:
        run = self.case.run
        claims = [
            {"text": claim.text, "step": span.step, "quote": span.quote}
            for claim in extract_with_rules(run, detect_with_rules(run)).achievements
            for span in [span for span in claim.evidence if span.field is Field.OBSERVATION][:1]
        ]
        if self.bad is not None:
            for claim in claims[1::2]:
                claim["quote"] = _INVENTED
                self.invented += 1
        return {"achievements": claims, "observations": [], "limitations": ""}

    def _proposal(self) -> dict[str, Any]:
        if self.bad is None:
            return self._goal(self.case.attempt.hindsight_prompt)
        goals = [self._goal(one.prompt) for one in self.bad[:5]] or [self._goal(self.case.run.original_prompt)]
        del self.bad[:5]
        return {**goals[0], "others": goals[1:]}

    def _goal(self, prompt: str) -> dict[str, Any]:
        attempt = self.case.attempt
        return {
            "hindsight_prompt": prompt,
            "is_valid": True,
            "confidence": 95,
            "rationale": "The claims show it.",
            "first_step": attempt.first_step,
            "last_step": attempt.last_step,
            "final_answer": attempt.final_answer,
            "claims": [*range(1, 20)],
        }


def main() -> None:
    """Print a table each of the good and of the careless model."""
    if not runs_by_source():
        print(f"Nothing measured: no real runs in {DATA}.")
        return
    found = cases(_EACH)
    faults: dict[int, list[Planted]] = {}
    for one in plant(found):
        if one.kind not in BLIND:
            faults.setdefault(id(one.case), []).append(one)
    good: dict[str, list[PipelineResult]] = {}
    careless: Counter[tuple[str, str]] = Counter()
    with OpenAIServer() as server:
        settings = PipelineConfig(model="scripted", base_url=server.url, goals=5, relabel_max_attempts=4)
        chat, judges = build_chats(settings)
        for case in found:
            server.answer = _Script(case)
            good.setdefault(case.source, []).append(run_stages(case.run, chat, judges, settings))
            bad = faults.get(id(case), [])
            told = len(bad)
            server.answer = script = _Script(case, bad=bad)
            result = run_stages(case.run, chat, judges, settings)
            _count(careless, case.source, result, told=told - len(bad), invented=script.invented)
    show(
        ("A model that works well", "runs", "accepted", "unsupported", "leaks", "stale words", "median rubric"),
        [_good_row(source, results) for source, results in good.items()],
    )
    print()
    columns = ("faulty requests", "let in", "invented quotes", "kept")
    sources = [*good, "all"]
    for name in columns:
        careless["all", name] = sum(careless[source, name] for source in good)
    show(("A careless model", *columns), [(s, *(careless[s, name] for name in columns)) for s in sources])


def _good_row(source: str, results: list[PipelineResult]) -> tuple[object, ...]:
    attempts = [result.relabeled.attempt for result in results if result.relabeled]
    rubrics = [score.score for a in attempts if a.verdict for score in a.verdict.rubric if score.weight]
    return (
        source,
        len(results),
        sum(result.success for result in results),
        sum(len(attempt.grounding.unsupported) for attempt in attempts),
        sum(len(attempt.grounding.leaks) for attempt in attempts),
        sum(len(attempt.grounding.stale_words) for attempt in attempts),
        f"{median(rubrics):.2f}" if rubrics else "-",
    )


def _count(counts: Counter[tuple[str, str]], source: str, result: PipelineResult, *, told: int, invented: int) -> None:
    claims = result.outcome.achievements if result.outcome else ()
    counts[source, "faulty requests"] += told
    counts[source, "let in"] += result.success
    counts[source, "invented quotes"] += invented
    counts[source, "kept"] += sum(_INVENTED in span.quote for claim in claims for span in claim.evidence)
