"""One judge or several over one attempt: each asked alone, none told of the others, their verdicts made one.

All are asked, also after a "no": only so can their agreement be measured. A judge whose answer is not
usable abstains, which is neither yes nor no. One that could not be asked at all counts so too where the
others decide. Where they do not, it is asked again by the next run; and where they could not for any
attempt, this run stops instead of paying for what nobody can judge.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from core.errors import ModelUnreachable, NoAnswer, NotYet, StageFailure
from core.llm import Ask, Chat, Percent, Words
from core.models import RubricScore, SecondJudgeVerdict
from core.prompts import Prompt
from core.settings import JudgeRule

_TEMPERATURE = 0.0


_MOST_DIMENSIONS = 3
_LONGEST_NAME = 60  # characters


class _Dimension(BaseModel):
    name: Words
    score: Percent
    applies: Percent = 100
    reason: Words = ""


def _none_if_odd(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """A rubric that does not fit is none: the verdict beside it is paid for, and counts."""
    try:
        return check(value)
    except ValidationError:
        return []


class _Judgement(BaseModel):
    """What a judge must supply, and nothing more."""

    is_valid: bool
    confidence: Percent
    reason: Words = ""
    rubric: Annotated[list[_Dimension], WrapValidator(_none_if_odd)] = []


def ask_judges(
    prompt: Prompt, judges: Sequence[Chat], *, rule: JudgeRule
) -> tuple[SecondJudgeVerdict, tuple[SecondJudgeVerdict, ...]]:
    """(The verdict of all, that of each where several were asked).

    Raises `ModelUnreachable` if too few judges can be reached for a yes; once all are asked, `NotYet` if
    one has still to answer, and `NoAnswer` if one gave none and the others decide nothing.
    """
    given: list[SecondJudgeVerdict] = []
    away: list[ModelUnreachable] = []
    silent: list[NoAnswer] = []
    waiting: list[NotYet] = []
    for judge in judges:
        try:
            given.append(_ask(prompt, judge))
        except NotYet as error:
            waiting.append(error)
        except NoAnswer as error:
            silent.append(error)
            given.append(_abstained(prompt, judge, f"No answer: {error}"))
        except ModelUnreachable as error:
            away.append(error)
            given.append(_abstained(prompt, judge, f"Could not be reached: {error}"))
            if len(judges) - len(away) < _needed(len(judges), rule):
                raise
    if waiting:
        raise waiting[0]
    verdict = given[0] if len(given) == 1 else together(given, rule)
    if verdict.is_valid is None and (silent or away):
        raise silent[0] if silent else NoAnswer(str(away[0]))
    return verdict, () if len(given) == 1 else tuple(given)


def together(verdicts: Sequence[SecondJudgeVerdict], rule: JudgeRule) -> SecondJudgeVerdict:
    """One verdict out of those of several judges; the least confidence of those who carried it.

    `all`: yes only if every judge says yes, no if one says no. `majority`: what more than half of
    *all* judges say, those who abstain included. Anything else is no decision.
    """
    yes = [verdict for verdict in verdicts if verdict.is_valid]
    no = [verdict for verdict in verdicts if verdict.is_valid is False]
    needed = _needed(len(verdicts), rule)
    refusals = 1 if rule is JudgeRule.ALL else needed
    decided = no if len(no) >= refusals else yes if len(yes) >= needed else []
    sure = [verdict.confidence for verdict in decided if verdict.confidence is not None]
    return SecondJudgeVerdict(
        is_valid=decided[0].is_valid if decided else None,
        confidence=min(sure) if sure else None,
        reason=" | ".join(f"{verdict.judge} {_word(verdict)}: {verdict.reason}" for verdict in verdicts),
        judge=" + ".join(verdict.judge for verdict in verdicts),
        prompt_hash=verdicts[0].prompt_hash,
        rubric=tuple(score for verdict in verdicts for score in verdict.rubric),
    )


def _needed(judges: int, rule: JudgeRule) -> int:
    return judges if rule is JudgeRule.ALL else judges // 2 + 1


def _ask(prompt: Prompt, judge: Chat) -> SecondJudgeVerdict:
    ask = Ask("judge", prompt.hash, prompt.system, prompt.user, _Judgement, _TEMPERATURE)
    try:
        said = judge.ask(ask).value
    except NoAnswer:
        raise
    except StageFailure as error:
        return _abstained(prompt, judge, f"No usable answer: {error}")
    return SecondJudgeVerdict(
        is_valid=said.is_valid,
        confidence=said.confidence / 100,
        reason=said.reason.strip(),
        judge=judge.name,
        prompt_hash=prompt.hash,
        rubric=tuple(_score(dimension) for dimension in said.rubric[:_MOST_DIMENSIONS] if dimension.name.strip()),
    )


def _score(said: _Dimension) -> RubricScore:
    name = " ".join(said.name.split())[:_LONGEST_NAME]
    return RubricScore(name=name, score=said.score / 100, weight=said.applies / 100, reason=said.reason.strip())


def _abstained(prompt: Prompt, judge: Chat, why: str) -> SecondJudgeVerdict:
    return SecondJudgeVerdict(is_valid=None, reason=why, judge=judge.name, prompt_hash=prompt.hash)


def _word(verdict: SecondJudgeVerdict) -> str:
    return "abstains" if verdict.is_valid is None else "says yes" if verdict.is_valid else "says no"
