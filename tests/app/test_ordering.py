"""The queue is put in order beside whoever opens Review."""

import time

from filled import fill, make_result, make_run

from core.models import Decision, ReviewAction
from core.review.items import Desk, next_item
from core.review.verdicts import decide
from core.store import open_store
from core.store.order import last_order
from review_app.ordering import order_if_due
from review_app.session import DATABASE_VARIABLE


def accept(store, number):
    for _ in range(number):
        item = next_item(store, Desk("anna"))
        click = {"op_id": f"click-{item.proposal_id}", "proposal_id": item.proposal_id, "revision": item.revision}
        decide(store, Decision(annotator="anna", action=ReviewAction.ACCEPT, **click))


def test_it_is_ordered_anew_once_enough_is_known_and_not_again_at_once(tmp_path, monkeypatch):
    path = tmp_path / "team.db"
    monkeypatch.setenv(DATABASE_VARIABLE, str(path))
    with open_store(path, create=True) as store:
        fill(store, [(run, make_result(run, score=0.5)) for n in range(1, 61) if (run := make_run(n))])
        accept(store, 29)
        order_if_due(store)
        assert last_order(store) == 0, "too little is known"
        accept(store, 1)
        order_if_due(store)
        until = time.monotonic() + 60
        while last_order(store) != 30:
            assert time.monotonic() < until
            time.sleep(0.05)
        accept(store, 1)
        orders = store.value("SELECT count(*) FROM queue_orders")
        order_if_due(store)
        assert store.value("SELECT count(*) FROM queue_orders") == orders
