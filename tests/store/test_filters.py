"""What a filter and a search find and count, in real files; what somebody may type is never an error."""

from dataclasses import replace

import pytest
from filled import fill, make_result, make_run

from core.models import AgentStep, Decision, FailedTrajectory, ProposalState, QueueReason, ReviewAction
from core.review.items import Desk, next_item
from core.review.overlap import set_overlap
from core.review.verdicts import decide
from core.store import open_store
from core.store.browse import Order, matching, page_of
from core.store.facets import facets
from core.store.filters import ACCEPTED, NOBODY, QueueFilter, search_words
from core.store.many import Chosen
from core.store.queue import lease_next, waiting

SEEN = "zeppelin"


def long_run(number: int, steps: int) -> FailedTrajectory:
    run = make_run(number)
    last = AgentStep(action_name="look", observation=f"the {SEEN} is “moored”\0 at EC 307; Straße, 日本語")
    prompt = f"{run.original_prompt} \0 Go on after the nothing."
    return run.model_copy(update={"original_prompt": prompt, "steps": run.steps * (steps - 1) + (last,)})


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "f.db", create=True) as store:
        runs = [make_run(1), make_run(2), make_run(3), long_run(4, 8)]
        made = [make_result(runs[0]), make_result(runs[1], score=None), make_result(runs[2], score=0.2)]
        made += [make_result(runs[3], queue_reason=QueueReason.JUDGE_SAID_NO)]
        fill(store, list(zip(runs, made, strict=True)))
        store.write("INSERT INTO tags VALUES (?, 'odd one', 'anna', '')", runs[0].key)
        store.write("INSERT INTO assignments VALUES (?, 'ben', 'anna', '')", runs[1].key)
        yield store


def found(store, **wanted):
    conditions, params = QueueFilter(**wanted).where()
    return [row["name"] for row in store.rows(f"SELECT name FROM proposals WHERE 1{conditions} ORDER BY name", *params)]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["run-1", "run-2", "run-3", "run-4"]),
        ({"judge": "unjudged"}, ["run-2"]),
        ({"queue_reason": "judge_said_no"}, ["run-4"]),
        ({"queue_reason": ACCEPTED}, ["run-1", "run-3"]),
        ({"score": (0.1, 0.5)}, ["run-3"]),
        ({"steps": (6, 10)}, ["run-4"]),
        ({"steps": (2, None)}, ["run-4"]),
        ({"tag": "odd one"}, ["run-1"]),
        ({"assigned_to": "ben"}, ["run-2"]),
        ({"assigned_to": NOBODY}, ["run-1", "run-3", "run-4"]),
        ({"search": SEEN}, ["run-4"]),
        ({"search": "zepp"}, ["run-4"]),  # the beginning of a word
        ({"search": '"zepp"'}, []),  # in quotes as it stands
        ({"search": '"EC 307"'}, ["run-4"]),
        ({"search": '"307 EC"'}, []),
        ({"search": "strasse"}, []),
        ({"search": "日本"}, []),  # two characters: a whole word
        ({"search": "日本語 MOORED kettle"}, ["run-4"]),  # all of them, wherever they stand
        ({"search": "nothing \\u0020"}, []),
        ({"search": '"after the nothing"'}, ["run-4"]),
        ({"search": "run-2"}, ["run-2"]),
        ({"search": "shop have asked", "judge": "yes"}, ["run-1", "run-3", "run-4"]),
        ({"search": "!!! ***"}, []),
    ],
)
def test_each_filter_finds_what_it_says(store, wanted, names):
    assert found(store, **wanted) == names


HOSTILE = [
    '"',
    '""" OR *',
    "NEAR(a b)",
    "name:run",
    "-kettle",
    "a AND NOT b",
    "(",
    "^x",
    "{a b}:c",
    "\0",
    "kettle\0",
    "\ud800 x",
]


@pytest.mark.parametrize("typed", [*HOSTILE, "x" * 100_000, "a " * 50_000, "' OR 1=1 --", "🙂", "\u202e kettle"])
def test_whatever_is_typed_is_searched_for_and_never_an_error(store, typed):
    assert set(found(store, search=typed)) <= {"run-1", "run-2", "run-3", "run-4"}
    leased = lease_next(store, "anna", now=1.0, until=2.0, wanted=QueueFilter(search=typed))
    assert leased is None or leased in {row["id"] for row in store.rows("SELECT id FROM proposals")}
    assert search_words('say "EC 307" to-day!') == '"say" * "EC 307" "to-day!"'


def test_a_choice_is_counted_under_all_the_others_and_not_under_itself(store):
    counts = facets(store, QueueFilter(judge="yes"), "pending", "ben")
    assert counts["judge"] == {"yes": 3, "unjudged": 1}
    assert counts["queue_reason"] == {ACCEPTED: 2, "judge_said_no": 1}
    assert counts["steps"] == {(1, 5): 2, (6, 10): 1}
    assert counts["tag"] == {"odd one": 1}
    assert facets(store, QueueFilter(search=SEEN), None, "anna")["steps"] == {(6, 10): 1}
    assert facets(store, QueueFilter(), "deferred", "anna")["source"] == {}
    wanted = QueueFilter(judge="yes", source="reference", steps=(1, 5))
    for name, choices in facets(store, wanted, "pending", "ben").items():
        for value, n in choices.items():
            assert len(found(store, **{**vars(wanted), name: value})) == n


def test_a_choice_is_counted_as_the_pile_is_with_second_opinions_and_without_what_others_were_given(store):
    set_overlap(store, 1.0, set_by="maria")
    item = next_item(store, Desk("anna"))
    answer = decide(
        store,
        Decision(
            op_id="1",
            proposal_id=item.proposal_id,
            revision=item.revision,
            annotator="anna",
            action=ReviewAction.ACCEPT,
        ),
    )
    assert answer.taken
    for name, waits in (("anna", 2), ("ben", 4), ("cleo", 3)):  # anna gave the first opinion, run-2 is ben's
        assert waiting(store, QueueFilter(), name) == waits
        counts = facets(store, QueueFilter(), "pending", name)
        assert sum(counts["source"].values()) == sum(counts["judge"].values()) == waits
        for judge, n in counts["judge"].items():
            assert waiting(store, QueueFilter(judge=judge), name) == n


def test_the_table_is_paged_in_order_and_tells_no_opinion_that_must_stay_blind(store):
    def names(**how):
        return [row.name for row in page_of(store, Chosen(), **{"limit": 4, **how})]

    assert names(order=Order.SCORE) == ["run-3", "run-1", "run-4", "run-2"]  # the one without a score last
    assert names(order=Order.SCORE, descending=True)[-1] == "run-2"
    assert names(order=Order.NAME, descending=True, limit=2, offset=1) == ["run-3", "run-2"]
    item = next_item(store, Desk("anna", QueueFilter(tag="odd one")))
    given = Decision(op_id="1", proposal_id=item.proposal_id, revision=1, annotator="anna", action=ReviewAction.ACCEPT)
    assert decide(store, given).taken
    [row] = page_of(store, Chosen(QueueFilter(tag="odd one")), limit=9)
    assert (row.decided_by, row.tags, row.state) == ("anna", "odd one", ProposalState.ACCEPTED)
    assert matching(store, Chosen(state=ProposalState.ACCEPTED)) == 1
    store.write("UPDATE proposals SET state = 'second' WHERE id = ?", row.id)
    [row] = page_of(store, Chosen(QueueFilter(tag="odd one")), limit=9)
    assert row.decided_by is None


def test_what_is_given_to_one_person_comes_to_nobody_else(store):
    mine = QueueFilter(assigned_to="ben")
    assert next_item(store, Desk("anna", mine)) is None
    assert waiting(store, mine, "anna") == 0
    assert waiting(store, QueueFilter(), "anna") == 3
    assert waiting(store, QueueFilter(), "ben") == 4
    assert next_item(store, Desk("ben", mine)).trajectory.trajectory_id == "run-2"


def test_the_words_follow_the_current_proposal(store):
    run = make_run(1)
    assert found(store, search="teapot") == []
    result = make_result(run)
    attempt = result.relabeled.attempt.model_copy(update={"hindsight_prompt": "Sell me a teapot"})
    newer = result.relabeled.model_copy(update={"attempts": (attempt,)})
    fill(store, [(run, result.model_copy(update={"relabeled": newer}))])
    assert found(store, search="teapot") == ["run-1"]
    conditions, params = replace(QueueFilter(), search="run-1 have asked").where()
    assert store.rows(f"SELECT id FROM proposals WHERE 1{conditions}", *params) == []  # the words of the old one


def test_a_file_of_before_is_indexed_when_it_is_opened(tmp_path):
    path = tmp_path / "old.db"
    with open_store(path, create=True) as store:
        fill(store, [(run, make_result(run)) for run in (long_run(1, 2), make_run(2))])
        objects = "SELECT type, name FROM sqlite_master WHERE name IN ('proposal_texts', 'proposals_facets', 'tags',"
        objects += " 'assignments', 'proposal_words') OR name LIKE 'proposal_words___%' AND type = 'trigger'"
        triggers_first = sorted(store.rows(objects), key=lambda row: row["type"] != "trigger")
        for row in triggers_first:
            store.write(f"DROP {row['type']} {row['name']}")
        for column in ("name", "step_count", "judge_says"):
            store.write(f"ALTER TABLE proposals DROP COLUMN {column}")
        store.write("UPDATE trajectory_bodies SET body = 'no JSON' WHERE key = ?", make_run(2).key)
        store.write("DELETE FROM _sqlite_migrations WHERE name LIKE '%filters_search_and_tags'")
    with open_store(path) as store:
        assert found(store, search=SEEN) == ["run-1"]
        assert found(store, search="kettle", judge="yes", steps=(1, 1)) == ["run-2"]
