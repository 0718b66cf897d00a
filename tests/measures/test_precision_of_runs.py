"""Real runs, rule-based proposals, a scripted reviewer: the interval holds the share that is right in truth."""

from core.measures.precision import evidence, measured
from core.models import Decision, ReviewAction
from core.review.items import Desk, next_item
from core.review.verdicts import decide
from core.runs.importing import import_files
from core.runs.running import run_pipeline
from core.settings import ReviewConfig, Settings
from core.store import open_store
from core.store.queue import ELIGIBLE

THETA, DELTA = 0.3, 0.3


def is_right(request: str) -> bool:
    """What the reviewer holds of an item: a fixed function of its words, right for about two in three."""
    return sum(map(ord, request)) % 3 != 0


def test_on_tau_bench_the_interval_holds_the_true_precision(shared_data, tmp_path):
    files = sorted((shared_data / "labelled" / "tau_bench").glob("*.json"))[:1]
    settings = Settings(review=ReviewConfig(random_share=0.9))
    with open_store(tmp_path / "tau.db", create=True) as store:
        list(import_files(store, files))
        run_pipeline(store, settings)
        desk = Desk("anna")
        waiting = store.value("SELECT count(*) FROM proposals WHERE is_current = 1")
        for number in range(round(0.95 * waiting)):  # the queue as it comes, random and doubtful ones mixed
            item = next_item(store, desk)
            right = is_right(item.attempt.hindsight_prompt)
            action = ReviewAction.ACCEPT if right else ReviewAction.REJECT
            given = {"proposal_id": item.proposal_id, "revision": item.revision, "annotator": "anna", "action": action}
            assert decide(store, Decision(op_id=str(number), reason=None if right else 1, **given)).taken
        found = measured(evidence(store).sample(), THETA, DELTA).precision
        rows = store.rows(
            "SELECT a.prompt FROM proposals p JOIN attempts a ON a.id = p.attempt_id"
            f" WHERE p.is_current = 1 AND {ELIGIBLE} AND p.score >= ? AND p.weight >= ?",
            THETA,
            DELTA,
        )
    truth = sum(is_right(row["prompt"]) for row in rows) / len(rows)
    assert found.enough
    assert 0 < truth < 1
    assert found.low <= truth <= found.high, (found, truth)
