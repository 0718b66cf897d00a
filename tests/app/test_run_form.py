"""The form that starts a run: one at a time, prefilled with what the last one was given, every run with its stop."""

import time

import pytest
from filled import a_good_model, make_run
from openai_server import OpenAIServer, hang
from test_screens import choose, fresh_settings, healthy, show, words  # noqa: F401  two are fixtures

from core.runs import background
from core.store import open_store
from core.store.runs import runs_under_way, start_run
from core.store.trajectories import Incoming, add_batch, begin_import


@pytest.fixture
def db(tmp_path):
    """A database with six runs, none taken through the stages."""
    path = tmp_path / "six.db"
    with open_store(path, create=True) as store:
        import_id = begin_import(store, "test.jsonl", "reference")
        add_batch(store, import_id, [Incoming(make_run(n), "{}", n, "reference") for n in range(1, 7)], [])
    return path


@pytest.fixture
def server():
    with OpenAIServer(a_good_model) as server:
        yield server


def wait_for(condition):
    until = time.monotonic() + 150
    while not condition():
        assert time.monotonic() < until


def field(at, label):
    [found] = [one for one in (*at.text_input, *at.number_input) if one.label == label]
    return found


def button(at, label):
    return [one for one in at.button if one.label.startswith(label)]


def fill(at, server):
    choose(at, "A model").run()
    for label, value in (("Model", "m"), ("Address", server.url), ("Key", "sk-secret"), ("At once", 2)):
        field(at, label).set_value(value)
    return at.run()


def test_a_second_run_waits_for_the_first_and_the_form_remembers_all_but_the_key(show, db, server):  # noqa: F811
    server.by_model["m"] = hang
    at = fill(show(db, "import_run"), server)
    field(at, "Requests a minute").set_value(600).run()
    button(at, "Run 6")[0].click().run()
    assert healthy(at), words(at)
    assert button(at, "Run")[0].disabled  # at once, before the process has noted its run
    with open_store(db) as store:
        wait_for(lambda: runs_under_way(store) and server.requests)
        again = show(db, "import_run")
        assert button(again, "Run")[0].disabled
        remembered = {
            label: field(again, label).value for label in ("Model", "Address", "At once", "Requests a minute")
        }
        assert remembered == {"Model": "m", "Address": server.url, "At once": 2, "Requests a minute": 600}
        assert field(again, "Key").value == ""
        other = start_run(store, method="n", settings="{}", settings_hash="n", total=3)
        again.run()
        assert len(button(again, "Stop")) == 2
        store.write("UPDATE runs SET state = 'done' WHERE id = ?", other)
        [run] = runs_under_way(store)
        again.run()
        button(again, "Stop")[0].click().run()
        assert store.value("SELECT stop_asked FROM runs WHERE id = ?", run["id"]) == 1
        process, _ = background._newest[db]
        process.kill()
        wait_for(lambda: not background.is_alive(db))
        again.run()
        assert not button(again, "Run 6")[0].disabled
    assert "sk-secret" not in db.read_bytes().decode("latin-1")


def test_a_run_that_is_refused_says_why_in_the_words_of_the_form(show, db, server):  # noqa: F811
    at = fill(show(db, "import_run"), server)
    field(at, "Most it may cost, USD").set_value(1.0).run()
    button(at, "Run 6")[0].click().run()
    wait_for(lambda: not background.is_alive(db))
    at.run()
    assert "No run was begun: “Most it may cost, USD” needs the price of 'm'" in words(at)
    with open_store(db) as store:
        assert store.value("SELECT count(*) FROM runs") == 0
    button(at, "What will it cost?")[0].click().run()
    assert healthy(at), words(at)
    assert "unknown" in str([list(frame.value["Cost"]) for frame in at.dataframe if "Cost" in frame.value])
    assert not server.requests
