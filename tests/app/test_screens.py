"""Every screen, run for real without a browser: on an empty and on a filled database."""

import io
import json
import sys
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from filled import fill, make_result, make_run
from streamlit.testing.v1 import AppTest

from core.formats.shape import Pairs
from core.models import Decision, ReviewAction
from core.review.effects import effect_of
from core.review.guidelines import save_guidelines
from core.review.items import Desk, next_item
from core.review.thresholds import policy_in_force
from core.review.verdicts import decide
from core.runs.importing import FileReport
from core.settings import PipelineConfig
from core.store import open_store
from core.store.guidelines import current_guidelines
from core.store.runs import latest_run
from core.store.trajectories import begin_import
from review_app import session
from review_app.kept import OnReview, read

APP = Path(__file__).parents[2] / "review_app" / "app.py"
SCREENS = ["review", "browse", "team", "thresholds", "bulk", "import_run", "export"]


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch):
    # Streamlit puts the app in the place of `__main__`, where processes started later would look for theirs.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    session.settings.cache_clear()
    yield
    session.settings.cache_clear()


@pytest.fixture
def show(monkeypatch):
    """Open the app on a database, at one of its screens."""

    def open_screen(path, screen, **query):
        monkeypatch.setenv(session.DATABASE_VARIABLE, str(path))
        at = AppTest.from_file(str(APP), default_timeout=90)
        for name, value in ({"as": "anna"} | query).items():
            if value is not None:
                at.query_params[name] = value
        at.run()
        if screen != "review":
            at.switch_page(f"screens/{screen}.py").run()
        assert healthy(at), words(at)
        return at

    return open_screen


@pytest.fixture
def empty_db(tmp_path):
    path = tmp_path / "empty.db"
    open_store(path, create=True).close()
    return path


@pytest.fixture
def samples(tmp_path, sample_db):
    path = tmp_path / "samples.db"
    path.write_bytes(sample_db)
    return path


def healthy(at):
    """No error page, and none of our own in its place."""
    return not at.exception and not [b for b in at.button if b.key and b.key.startswith("retry_")]


def words(at):
    shown = [element.value for kind in (at.text, at.caption, at.subheader, at.title) for element in kind]
    return "\n".join(str(word) for word in shown)


def button(at, label):
    [found] = [b for b in at.button if b.label == label]
    return found


def choose(at, way):
    [control] = [c for c in at.segmented_control if way in c.options]
    return control.set_value(way)


@pytest.mark.parametrize("screen", SCREENS)
def test_an_empty_database_says_what_to_do(show, empty_db, screen):
    at = show(empty_db, screen)
    says = {
        "team": "No verdicts here",
        "browse": "No proposals yet",
        "thresholds": "No proposals yet",
        "bulk": "No proposals yet",
        "import_run": "No trajectories yet.",
        "export": "Nothing to export yet",
        "review": "empty.db",
    }
    assert says[screen] in words(at)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_names_the_database_and_the_reviewer(show, samples, screen):
    at = show(samples, screen, **{"as": "Ann [red](x)"})
    assert "samples.db" in words(at)
    assert at.text_input(key="desk_name").value == "Ann [red](x)"


def test_another_name_is_kept_in_the_address_and_begins_another_queue(show, samples):
    at = show(samples, "review", **{"as": "anna"})
    first = at.session_state["tab"].item
    at.text_input(key="desk_name").input("ben").run()
    assert healthy(at), words(at)
    assert at.query_params["as"] in ("ben", ["ben"])
    assert at.session_state["tab"].item.proposal_id != first.proposal_id
    with open_store(samples) as store:
        holders = {row["leased_by"] for row in store.rows("SELECT leased_by FROM proposals WHERE leased_by NOT NULL")}
    assert "ben" in holders


def test_without_a_name_the_app_asks_for_one_before_anything_is_opened(show, samples, monkeypatch):
    at = show(samples, "review", **{"as": None})
    assert "Who is reviewing?" in words(at)
    with open_store(samples) as store:
        assert store.value("SELECT count(*) FROM proposals WHERE leased_by IS NOT NULL") == 0
    at.text_input(key="entry_name").input("\u202eben")
    button(at, "Start").click().run()
    assert "invisible characters" in words(at)
    at.text_input(key="entry_name").input(" ben ")
    button(at, "Start").click().run()
    assert healthy(at), words(at)
    assert at.session_state["tab"].item is not None
    assert at.query_params["as"] in ("ben", ["ben"])
    monkeypatch.setenv(session.NAME_VARIABLE, "carla")
    assert show(samples, "review", **{"as": None}).text_input(key="desk_name").value == "carla"


def test_the_team_screen_sets_the_share_releases_leases_and_keeps_guidelines(show, samples):
    with open_store(samples) as store:
        first = next_item(store, Desk("ben"))
        click = {"proposal_id": first.proposal_id, "revision": first.revision, "annotator": "ben"}
        decide(store, Decision(op_id="one", action=ReviewAction.ACCEPT, **click))
        second = next_item(store, Desk("ben"))
    at = show(samples, "team", **{"as": "maria"})
    at = see(at, "Two people")
    at.select_slider[0].set_value(1.0).run()
    button(at, "Apply").click().run()
    assert "Set to 100% by maria" in words(at)
    assert "Nothing to compare yet" in words(at)

    at = see(at, "Open now")
    assert second.trajectory.trajectory_id in words(at)
    at.button(key=f"release_{second.proposal_id}").click().run()
    assert second.trajectory.trajectory_id not in words(at)

    at = see(at, "Guidelines")
    at.text_area[0].input("# Rules\n![x](http://evil.example/a.png)").run()
    button(at, "Save as a new version").click().run()
    assert "Version 1 by maria" in words(at)
    assert "![x]" not in at.markdown[-1].value
    at.text_area[0].input("# Other rules").run()
    assert "Nothing is disputed" in words(see(at, "Disputed"))
    with open_store(samples) as store:
        save_guidelines(store, "# Ben's", author="ben", over=1)
    at.switch_page("screens/browse.py").run()
    at = see(at.switch_page("screens/team.py").run(), "Guidelines")
    assert at.text_area[0].value == "# Other rules", "what was typed is kept on other views and screens"
    button(at, "Save as a new version").click().run()
    assert "ben has saved version 2 while you wrote." in words(at)
    assert at.text_area[0].value == "# Other rules"
    button(at, "Drop my changes").click().run()
    assert at.text_area[0].value == "# Ben's"
    with open_store(samples) as store:
        save_guidelines(store, "# Anna's", author="anna", over=2)
    assert at.run().text_area[0].value == "# Anna's", "a field that nobody typed in shows what is in force"
    at.button(key="from_1").click().run()
    button(at, "Save as a new version").click().run()
    with open_store(samples) as store:
        assert current_guidelines(store).text.startswith("# Rules")
    with open_store(samples) as store:
        assert store.value("SELECT released_by FROM releases") == "maria"


def see(at, view):
    at.segmented_control(key="team_view").set_value(view).run()
    assert healthy(at), words(at)
    return at


def test_a_deep_link_opens_its_item_and_a_wrong_one_says_so(show, samples):
    at = show(samples, "review", item="shop-hostile-reviews")
    assert at.session_state["tab"].item.trajectory.trajectory_id == "shop-hostile-reviews"
    at = show(samples, "review", item="nobody")
    assert at.session_state["tab"].item is not None


def test_the_filter_narrows_the_queue_and_outlives_its_last_item(show, samples):
    at = show(samples, "review", **{"as": "anna"})
    kinds = at.selectbox(key="filter_failure_type")
    kinds.select_index(1).run()
    wanted = at.session_state["filter_failure_type"]
    assert healthy(at), words(at)
    assert at.session_state["tab"].item.analysis.failure_type == wanted
    with open_store(samples) as store:
        store.write("UPDATE proposals SET state = 'accepted' WHERE failure_type = ?", wanted)
    at.run()
    assert healthy(at), words(at)


def test_what_is_chosen_outlives_another_screen_and_a_reload(show, samples):
    at = show(samples, "review")
    at.text_input(key="filter_search").set_value("the").run()
    at.segmented_control(key="filter_pile").set_value("Flagged").run()
    at.slider(key="filter_score").set_value((0.2, 0.9)).run()
    address = at.query_params["chosen"]
    at.switch_page("screens/browse.py").run()
    at.selectbox(key="browse_order").select("Steps").run()
    at.switch_page("screens/review.py").run()
    reloaded = show(samples, "review", chosen=address)
    for seen in (at, reloaded):
        assert healthy(seen), words(seen)
        assert seen.text_input(key="filter_search").value == "the"
        assert seen.segmented_control(key="filter_pile").value == "Flagged"
        assert tuple(seen.slider(key="filter_score").value) == (0.2, 0.9)
    assert at.session_state["desk"] == reloaded.session_state["desk"]
    at.switch_page("screens/browse.py").run()
    assert at.selectbox(key="browse_order").value == "Steps"
    button(at.switch_page("screens/review.py").run(), "Clear").click().run()
    assert at.text_input(key="filter_search").value == ""


@pytest.mark.parametrize(
    "address",
    ["{", "[]", '{"steps":[3,4]}', '{"score":[0.9,0.1]}', '{"failure_type":"x"}', '{"search":"\\ud800"}', '{"pile":1}'],
)
def test_an_address_with_what_nobody_can_choose_chooses_nothing(address):
    assert read(address, OnReview) == {}
    assert read('{"source":"gone","steps":[1,5],"score":[0,1]}', OnReview) == {
        "source": "gone",
        "steps": (1, 5),
        "score": (0.0, 1.0),
    }


@pytest.mark.parametrize("pile", ["Deferred", "Flagged"])
def test_an_empty_pile_can_be_looked_at(show, samples, pile):
    at = show(samples, "review")
    at.segmented_control(key="filter_pile").set_value(pile).run()
    assert healthy(at), words(at)
    assert at.session_state["tab"].item is None


def test_everything_is_browsed_filtered_sorted_and_paged(show, samples):
    at = show(samples, "browse", **{"as": "anna"})
    at.text_input(key="browse_search").set_value("no such word at all").run()
    assert "Nothing matches" in words(at)
    at.text_input(key="browse_search").set_value("").run()
    at.selectbox(key="browse_order").select("Steps").run()
    at.toggle(key="browse_descending").set_value(True).run()
    assert healthy(at), words(at)
    steps = list(at.dataframe[0].value["Steps"])
    assert steps == sorted(steps, reverse=True)
    with open_store(samples) as store:
        assert len(steps) == store.value("SELECT count(*) FROM proposals WHERE is_current = 1")


def test_what_the_random_reviews_say_is_told_in_every_view_of_the_thresholds(show, samples):
    at = show(samples, "thresholds")
    assert "too few verdicts to say" in " ".join(element.value for element in at.markdown)
    with open_store(samples) as store, store.transaction():
        for row in store.rows("SELECT id, score, queue_reason, attempt_id FROM proposals WHERE is_current = 1"):
            given = {"op_id": f"op {row['id']}", "proposal_id": row["id"], "revision": 1, "annotator": "ben"}
            said = ("accept", "accept", "reject")[row["id"] % 3]
            verdict = store.insert("reviews", {**given, "action": said, "created_at": "2026-11-23"})
            state = "rejected" if said == "reject" else "accepted"
            sql = "UPDATE proposals SET state = ?, verdict_id = ?, is_random = 1, queue_reason = NULL WHERE id = ?"
            store.write(sql, state, verdict, row["id"])
        decided = store.value("SELECT count(*) FROM proposals WHERE is_current = 1 AND score >= 0.5 AND weight >= 0.3")
        both = store.value("SELECT count(*) FROM proposals WHERE is_current = 1")
    at = show(samples, "thresholds")
    said = " ".join(element.value for element in at.markdown)
    assert f"n = {decided}" in said
    assert (decided < 30) == ("too few verdicts to say" in said)
    for view in ("Failures and sources", "Differences", "Calibration", "Precision"):
        choose(at, view).run()
        assert healthy(at), words(at)
    choose(at, "Calibration").run()
    assert (f"n = {both}" in words(at)) == (both >= 30)


def test_ticked_items_or_all_that_match_are_changed_at_once(show, samples):
    with open_store(samples) as store:
        store.write(
            "INSERT INTO tags SELECT trajectory_key, 'odd *one*', 'ben', '' FROM proposals"
            " WHERE is_current = 1 ORDER BY position, id LIMIT 1"
        )
    at = show(samples, "browse", **{"as": "anna"})
    at.session_state[at.dataframe[0].key] = {"selection": {"rows": [0, 2], "columns": []}}
    at.run()
    at.selectbox(key="browse_way").select("Add a tag").run()
    at.selectbox(key="browse_named_Tag").select("odd *one*").run()
    assert "1 item will change.\nLeft as they are:\n1 with that tag already" in words(at)
    at.button(key="browse_act").click().run()
    assert healthy(at), words(at)
    assert [success.value for success in at.success] == [
        "Add the tag: 1 changed. Left as they are: 1 with that tag already."
    ]
    assert list(at.dataframe[0].value["Tags"])[:4] == ["odd *one*", "", "odd *one*", ""]

    at.selectbox(key="browse_tag").select("odd *one*").run()
    at.selectbox(key="browse_way").select("Defer").run()
    at.button(key="browse_act").click().run()
    assert healthy(at), words(at)
    assert list(at.dataframe[0].value["State"]) == ["Deferred", "Deferred"]
    at.selectbox(key="browse_tag").select(()).run()
    at.selectbox(key="browse_way").select("Return deferred").run()
    with open_store(samples) as store:
        others = store.value("SELECT count(*) FROM proposals WHERE is_current = 1") - 2
    assert f"2 items will change.\nLeft as they are:\n{others} not deferred" in words(at)
    at.button(key="browse_act").click().run()
    assert "Deferred" not in list(at.dataframe[0].value["State"])


def test_a_threshold_is_shown_before_it_is_applied_and_stays(show, samples):
    at = show(samples, "thresholds", **{"as": "lead"})
    assert button(at, "Apply").disabled
    at.slider[0].set_value(0.9)
    at.slider[1].set_value(0.2).run()
    assert not button(at, "Apply").disabled
    with open_store(samples) as store:
        assert policy_in_force(store, PipelineConfig()).theta == 0.5, "nothing is changed by looking"
        expected = effect_of(store, 0.9, 0.2)
    shown = at.main.get("html")[-1].proto.body if at.main.get("html") else ""
    assert f"<b>{expected.queued:,}</b>" in shown
    button(at, "Apply").click().run()
    assert [error.value for error in at.error] == ["Say why: whoever reads the history later has only this."]
    at.text_input[-1].input("too many weak ones")
    button(at, "Apply").click().run()
    assert healthy(at), words(at)
    with open_store(samples) as store:
        policy = policy_in_force(store, PipelineConfig())
    assert (policy.theta, policy.delta, policy.set_by, policy.why) == (0.9, 0.2, "lead", "too many weak ones")
    assert button(at, "Apply").disabled
    assert "Set by lead" in words(at)
    at.switch_page("screens/bulk.py").run()
    at.segmented_control(key="bulk_view").set_value("Policy history").run()
    assert "too many weak ones" in tables(at)
    assert "too few verdicts to say" in tables(at)


def accept_one(path, *, name="anna"):
    with open_store(path) as store:
        item = next_item(store, Desk(name))
        click = Decision(
            op_id=str(time.monotonic_ns()),
            proposal_id=item.proposal_id,
            revision=item.revision,
            annotator=name,
            action=ReviewAction.ACCEPT,
        )
        assert decide(store, click).taken
        return item


def test_the_export_screen_counts_previews_and_offers_every_format(show, samples):
    at = show(samples, "export")
    assert "No rows yet" in words(at)
    assert at.get("download_button")[0].proto.disabled
    item = accept_one(samples)
    at.run()
    assert at.get("download_button")[0].proto.label == "Download 1 row"
    assert item.attempt.hindsight_prompt in words(at)
    assert f"{item.trajectory.trajectory_id} · accepted" in words(at)
    for option in at.selectbox[0].options:
        at.selectbox[0].select(option).run()
        assert healthy(at), words(at)
        assert not at.error
    at.selectbox[0].select("DPO · trl").run()
    at.selectbox(key="dpo-trl-pairs").select(Pairs.CALLS).run()
    assert "no call of the run failed by its own arguments" in words(at)
    at.selectbox[0].select("SFT · trl").run()
    with open_store(samples) as store:
        auto = effect_of(store, 0.5, 0.3).auto_accepted
    assert auto
    left_aside = f"<b>{auto:,}</b><span>by the threshold alone; not included</span>"
    assert left_aside in at.main.get("html")[-1].proto.body, "the number of the Thresholds screen"
    at.toggle[0].set_value(True).run()
    assert healthy(at), words(at)
    assert f"<b>{auto:,}</b><span>by the threshold alone</span>" in at.main.get("html")[-1].proto.body


def upload(at, *files):
    at.file_uploader[0].upload(*files[0])
    at.run()
    button(at, "Import").click().run(timeout=30)
    assert healthy(at), words(at)
    return at


def test_an_upload_is_imported_and_its_bad_rows_are_said(show, empty_db):
    good = make_run(1).model_dump_json()
    text = f"{good}\n{{broken\n{make_run(2).model_dump_json()}\n".encode()
    at = upload(show(empty_db, "import_run"), ("mine.jsonl", text))
    assert not at.success, "a file that lost records is no plain success"
    assert at.warning[0].value == "mine.jsonl: 2 imported, 0 already there, 1 skipped."
    assert "Skipped line 2: not JSON" in words(at)
    with open_store(empty_db) as store:
        assert store.row("SELECT path, imported, rejected FROM imports") == {
            "path": "mine.jsonl",
            "imported": 2,
            "rejected": 1,
        }
    at.run()
    assert "2 trajectories: 2 failed" in words(at)
    assert at.expander[-1].label == "1 skipped record, with reasons"
    assert json.loads(good)["trajectory_id"] == "run-1"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("notes.txt", b"Dear diary", "notes.txt is not JSON"),
        ("empty.jsonl", b"", "empty.jsonl is empty"),
        ("data.zip", b"PK\x03\x04rest", "zip archive"),
        ("..", b"Dear diary", ".. is not JSON"),
    ],
)
def test_a_wrong_upload_is_answered_in_words(show, empty_db, name, data, says):
    at = upload(show(empty_db, "import_run"), (name, data))
    assert at.error[0].value.endswith("could not be read.")
    assert says in words(at)
    assert "/tmp" not in words(at)


def test_what_an_import_left_out_can_be_looked_at_also_later_and_the_uploader_is_empty_again(show, empty_db):
    text = f'{make_run(1).model_dump_json()}\n{{broken\n["\u202e ![x](http://evil)"]\n'.encode()
    at = upload(show(empty_db, "import_run"), ("mine.jsonl", text))
    assert at.file_uploader[0].value in (None, [])
    at = show(empty_db, "import_run")
    assert not at.success
    rows = at.dataframe[0].value
    assert list(rows["Line"]) == [2, 3]
    assert rows["Reason"][0].startswith("not JSON")
    at.session_state["skipped_1"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    at.run()
    assert healthy(at), words(at)
    [raw] = [block.value for block in at.code if "evil" in block.value]
    assert raw == '["\u27e8U+202E\u27e9 ![x](http://evil)"]'


def tables(at):
    return "".join(block.proto.body for block in at.main.get("html") if "class='rows'" in block.proto.body)


def test_past_imports_say_which_were_refused_or_broken_off_and_how_often_each_reason_was_met(show, empty_db):
    rows = [make_run(1).model_dump_json(), "{broken", "{broken", '{"odd": 1}', make_run(2).model_dump_json()]
    at = upload(show(empty_db, "import_run"), ("mine.jsonl", "\n".join(rows).encode()))
    assert "Skipped line 2 (and 1 record more): not JSON" in words(at)
    assert "Labels: 2 failed" in words(at)
    at = upload(at, ("x" * 80 + ".json", b'{"odd": 1}'))
    with open_store(empty_db) as store:
        begin_import(store, "half.jsonl", "auto")
    at.run()
    drawn = tables(at)
    assert f'title="{"x" * 80}.json">{"x" * 17}…{"x" * 13}.json<' in drawn
    assert "<td class='number'>all</td>" in drawn
    assert "is in no known format" in drawn
    assert "Broken off, or still being read." in drawn
    assert "--format" not in drawn + words(at)
    assert "1 file that could not be read, with reasons" in at.expander[-1].label


def test_many_uploads_are_reported_in_one_table(show, empty_db):
    at = show(empty_db, "import_run")
    at.session_state["reports"] = [
        *(FileReport(Path(f"f{n}.jsonl"), "agenther", imported=1, labels=Counter(["failure"])) for n in range(4)),
        FileReport(Path("<b>.json"), error="<i> is empty"),
    ]
    at.run()
    assert healthy(at), words(at)
    assert not at.success
    assert not at.error
    assert "f3.jsonl" in tables(at)
    assert "&lt;i&gt; is empty" in tables(at)
    assert "<b>.json" not in tables(at)


@pytest.mark.parametrize("name", ["n" * 300 + ".jsonl", "a\0b.jsonl", "/etc/passwd", "*[a](b)*.jsonl"])
def test_an_upload_of_any_name_is_imported(show, empty_db, name):
    at = upload(show(empty_db, "import_run"), (name, make_run(1).model_dump_json().encode()))
    assert "1 imported" in at.success[0].value
    with open_store(empty_db) as store:
        assert store.value("SELECT imported FROM imports") == 1


class TestFaults:
    """What goes wrong with the file is said in words on every screen, with a button that tries again."""

    def says(self, at):
        assert not at.exception, at.exception
        assert [error.value for error in at.error] == ["This cannot be shown now."]
        return words(at)

    def again(self, at):
        [retry] = [b for b in at.button if b.label == "Try again"]
        retry.click().run()
        assert healthy(at), words(at)

    @pytest.mark.parametrize("screen", SCREENS)
    def test_a_file_that_is_gone_and_comes_back(self, show, samples, screen):
        at = show(samples, screen)
        away = samples.rename(samples.with_suffix(".away"))
        at.session_state["desk"] = None  # as in a tab that has no item yet; one with an item keeps it
        at.run()
        assert "samples.db does not exist" in self.says(at)
        away.rename(samples)
        self.again(at)

    @pytest.mark.parametrize("screen", SCREENS)
    def test_a_file_that_is_no_database_any_more(self, show, samples, screen):
        at = show(samples, screen)
        samples.unlink()
        samples.write_text("Dear diary, " * 1000)
        at.session_state["desk"] = None
        at.run()
        assert "samples.db" in self.says(at)

    @pytest.mark.parametrize("screen", SCREENS)
    def test_a_file_with_damaged_pages(self, show, samples, screen):
        at = show(samples, screen)
        with open_store(samples) as store:
            store.value("PRAGMA wal_checkpoint(TRUNCATE)")
        session._held_open.cache_clear()
        damaged = bytearray(samples.read_bytes())
        damaged[8192:] = b"\xa5" * (len(damaged) - 8192)
        samples.write_bytes(bytes(damaged))
        at.session_state["desk"] = None
        at.run()
        assert "is damaged" in self.says(at)

    def test_a_reload_while_another_program_writes(self, show, samples):
        at = show(samples, "review")
        with open_store(samples) as other:
            other.write("UPDATE proposals SET leased_by = NULL")
            with other.transaction():
                del at.session_state["tab"]
                at.run()
                assert "another program is writing to it" in self.says(at)
        self.again(at)
        assert at.session_state["tab"].item is not None

    def test_another_file_in_its_place_is_refused_in_words(self, show, samples, db):
        at = show(samples, "review", **{"as": "anna"})
        samples.rename(samples.with_suffix(".away"))
        samples.write_bytes(db.read_bytes())
        at.session_state["desk"] = None
        at.run()
        assert "is not the file that is reviewed here" in self.says(at)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("   ", "at least one letter"),
        ("an\u202ena", "U+202E"),
        ("x" * 61, "at most 60 characters; this one has 61"),
    ],
)
def test_a_name_in_the_address_that_is_none_is_asked_for_anew(show, samples, name, says):
    at = show(samples, "review", **{"as": name})
    assert says in words(at)
    assert "tab" not in at.session_state
    at.text_input(key="entry_name").input("anna")
    [start] = [b for b in at.button if b.label == "Start"]
    start.click().run()
    assert healthy(at), words(at)
    assert at.session_state["desk"].annotator == "anna"


def test_a_name_is_kept_in_one_spelling_and_a_wrong_one_is_not_taken(show, samples):
    at = show(samples, "review", **{"as": "Jose\u0301   Mar\nia"})
    assert at.session_state["desk"].annotator == "Jos\u00e9 Mar ia"
    at.text_input(key="desk_name").input("y" * 61).run()
    assert "this one has 61" in words(at)
    assert at.session_state["desk"].annotator == "Jos\u00e9 Mar ia"


def test_the_stages_run_from_the_screen_and_report(show, empty_db, monkeypatch):
    monkeypatch.setenv("OPENAI_MODEL", "must-not-be-asked")
    at = upload(show(empty_db, "import_run"), ("mine.jsonl", make_run(1).model_dump_json().encode()))
    choose(at, "Rules only").run()
    [start] = [b for b in at.button if b.label.startswith("Run")]
    start.click().run()
    assert healthy(at), words(at)
    until = time.monotonic() + 150
    with open_store(empty_db) as store:
        while (latest_run(store) or {"state": ""})["state"] != "done":
            assert time.monotonic() < until, latest_run(store)
            time.sleep(0.05)
        assert latest_run(store)["method"] == "rules"
        assert latest_run(store)["done"] == 1
    at.run()
    assert healthy(at), words(at)
    assert at.dataframe[-1].value["Trajectories"].sum() == 1


def test_a_model_must_be_named_and_then_says_how_many_runs_wait_for_it(show, samples):
    at = show(samples, "import_run")
    choose(at, "A model").run()
    assert button(at, "Run").disabled
    assert "Name the model." in words(at)
    [name] = [box for box in at.text_input if box.label == "Model"]
    name.input("m").run()
    [start] = [b for b in at.button if b.label.startswith("Run ")]
    assert not start.disabled


def test_the_screen_tells_speed_tokens_and_cost_of_a_run_and_of_each_proposal(show, empty_db):
    from filled import a_good_model
    from openai_server import OpenAIServer

    from core.prices import Price
    from core.runs.running import run_pipeline
    from core.settings import Settings
    from core.store.trajectories import Incoming, add_batch, begin_import

    with open_store(empty_db) as store, OpenAIServer(a_good_model) as server:
        batch = [Incoming(make_run(n), "{}", n, "reference") for n in range(1, 5)]
        add_batch(store, begin_import(store, "a", "reference"), batch, [])
        config = PipelineConfig(model="m", base_url=server.url)
        run_pipeline(store, Settings(pipeline=config, prices={"m": Price(input=1000, output=2000)}))
    accept_one(empty_db)
    said = words(show(empty_db, "import_run"))
    assert "1.20k tokens in, 240 out · cost $1.68 · took " in said
    assert "All model calls so far: $1.68" in said
    assert "For each proposal accepted by a human: $1.68" in said
    assert "For each proposal auto-accepted: $0.56" in said


def test_rows_of_very_many_items_are_made_when_that_is_asked_for(show, tmp_path):
    many = tmp_path / "many.db"
    with open_store(many, create=True) as store:
        fill(store, [(make_run(n), make_result(make_run(n), score=0.9)) for n in range(1, 1002)])
        with store.transaction():
            store.write("UPDATE proposals SET state = 'accepted'")
    at = show(many, "export")
    assert "1,001 approved items" in words(at)
    assert not at.get("download_button")
    at.button[-1].click().run(timeout=60)
    assert at.get("download_button")[0].proto.label == "Download 1,001 rows"
    at.selectbox[0].select("KTO · trl").run()
    assert not at.get("download_button"), "other rows, not asked for yet"


def test_a_download_is_the_export_as_it_is_written(show, samples):
    from core.export import ExportRequest, as_archive
    from core.models import OutputFormat

    item = accept_one(samples)
    with open_store(samples) as store:
        packed = as_archive(store, PipelineConfig(), ExportRequest(OutputFormat.SFT))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        [row] = archive.read("agenther_sft-trl/train.jsonl").splitlines()
    assert json.loads(row)["trajectory_id"] == item.trajectory.trajectory_id
