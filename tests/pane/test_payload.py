import json

from pane_samples import HOSTILE, flight_change, hostile, long_run

from core import models
from core.models import (
    AgentStep,
    Attempt,
    Evidence,
    FailedTrajectory,
    FailureAnalysis,
    Field,
    ProposalState,
    QueueReason,
    ReplayOutcome,
)
from core.store.kin import COUNTED, Alike, FromOtherRun
from core.store.reviews import Draft
from review_app.pane.payload import check_view, expanded_view, item_view, pane_payload
from review_app.pane.shown import Mark, block, hidden_count, line, visible
from review_app.pane.words import MARK


def marked(drawn: dict) -> dict[str, str]:
    """Mark id -> the text under it, cut as JavaScript would cut it."""
    found: dict[str, str] = {}
    for mark in drawn["marks"]:
        units = drawn["parts"][mark["part"]]["text"].encode("utf-16-le")
        found[mark["id"]] = units[mark["start"] * 2 : mark["end"] * 2].decode("utf-16-le")
    return found


def test_what_a_screen_would_hide_or_obey_becomes_a_visible_symbol():
    assert visible("a\x1b[31m").text == "a⟨ESC⟩[31m"
    assert visible("x\u202ey\u200bz\x00").text == "x⟨U+202E⟩y⟨U+200B⟩z⟨NUL⟩"
    assert visible("\ud800\U000e0041").text == "⟨U+D800⟩⟨U+E0041⟩"
    assert visible("tab\tline\n").text == "tab\tline\n"


def test_a_windows_line_end_is_one_line_end_and_a_lone_return_is_shown():
    assert visible("a\r\nb\rc").text == "a\nb⟨CR⟩c"


def test_a_joiner_inside_a_word_or_emoji_stays_but_one_beside_ascii_is_shown():
    spelled = "👩\u200d👧 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert visible(spelled).text == spelled
    assert visible("pass\u200dword").text == "pass⟨U+200D⟩word"


def test_plain_text_is_left_alone():
    shown = visible("order 42, 13°C, 東京")
    assert shown.text == "order 42, 13°C, 東京"
    assert shown.at(7) == 7


def test_a_mark_stays_on_its_words_whatever_stands_before_it():
    text = "\x1b[1m😀 \r\nfound M05KNL here"
    start = text.index("M05KNL")
    assert marked(block(text, [Mark(start, start + 6, "c", "claim")])) == {"c": "M05KNL"}


def test_a_long_text_keeps_head_tail_and_every_marked_span_and_counts_the_rest():
    text = "h" * 20_000 + "PROOF" + "m" * 900_000 + "t" * 100
    drawn = block(text, [Mark(20_000, 20_005, "c", "claim")])
    assert marked(drawn) == {"c": "PROOF"}
    assert sum(len(part["text"]) for part in drawn["parts"]) < 20_000
    assert sum(len(part["text"]) + part["skip"] for part in drawn["parts"]) == len(text) == drawn["chars"]
    assert drawn["parts"][0]["text"].startswith("h")
    assert drawn["parts"][-1]["text"].endswith("t" * 100)


def test_a_mark_outside_its_text_is_dropped():
    assert block("short", [Mark(3, 90, "c", "claim"), Mark(-1, 2, "d", "claim")])["marks"] == []


def test_a_line_is_short_and_shows_what_was_hidden():
    assert line("a" * 500, 10) == "aaaaaaaaa…"
    assert line("a\u202eb") == "a⟨U+202E⟩b"
    assert hidden_count("a\r\n\u202e\x00") == 2


def test_every_claim_of_the_outcome_points_at_a_mark_in_the_run():
    item = item_view(proposal_id=4, revision=2, **flight_change())
    steps = item["trace"]["steps"]
    proof = item["outcome"]["claims"][0]["refs"][0]
    assert proof["place"] == "step 4 · result"
    assert marked(steps[3]["observation"])[proof["id"]] == '"reservation_id": "M05KNL"'
    in_arguments = item["outcome"]["claims"][2]["refs"][1]
    rows = [row["value"] for row in steps[6]["args"] if row["value"]]
    assert "HAT139" in {text for row in rows for name, text in marked(row).items() if name == in_arguments["id"]}
    assert proof["id"] in steps[3]["marked"]


def test_evidence_that_has_moved_is_found_by_its_quote():
    run = FailedTrajectory(original_prompt="p", steps=[AgentStep(action_name="a", observation="xx here it is")])
    moved = Evidence(step=1, field=Field.OBSERVATION, start=0, end=4, quote="here")
    analysis = FailureAnalysis(is_failure=True, evidence=(moved,))
    item = item_view(
        proposal_id=1,
        revision=0,
        trajectory=run,
        analysis=analysis,
        outcome=ReplayOutcome(),
        attempt=Attempt(hindsight_prompt="q", confidence=0.5, last_step=1),
    )
    assert marked(item["trace"]["steps"][0]["observation"]) == {"fail1.1": "here"}


def test_a_value_is_found_or_not_found_or_gives_the_answer_away():
    values = item_view(proposal_id=1, revision=0, **flight_change())["proposal"]["values"]
    assert [value["standing"] for value in values] == ["found", "found", "found", "found", "missing"]
    assert values[-1]["ref"] is None


def test_the_badges_say_in_words_why_an_item_waits():
    sample = flight_change()
    judged = item_view(proposal_id=1, revision=0, **sample)
    assert [badge["text"] for badge in judged["badges"]] == ["Judge said no"]
    sample["queue_reason"] = QueueReason.UNJUDGED
    unjudged = item_view(proposal_id=1, revision=0, **sample)
    assert [badge["text"] for badge in unjudged["badges"]] == ["Unjudged"]
    sample["trajectory"] = sample["trajectory"].model_copy(update={"marks": tuple(models.Mark)})
    marked = item_view(proposal_id=1, revision=0, **sample)
    assert marked["never_leaves"]
    assert not judged["never_leaves"]
    assert [badge["text"] for badge in marked["badges"]][1:] == [MARK[mark][0] for mark in models.Mark]


def test_what_was_asked_for_and_not_met_is_listed_beside_the_values():
    sample = flight_change()
    values = sample["attempt"].grounding.values
    unmet = values[0].model_copy(update={"asked_only": True})
    grounding = sample["attempt"].grounding.model_copy(update={"values": (unmet, *values[1:])})
    sample["attempt"] = sample["attempt"].model_copy(update={"grounding": grounding})
    proposal = item_view(proposal_id=1, revision=0, **sample)["proposal"]
    assert proposal["unmet"] == [unmet.text]
    assert proposal["values"][0]["standing"] == "asked"
    assert check_view(Draft("text"), grounding)["unmet"] == [unmet.text]


def test_others_that_ask_the_same_are_named_and_the_rest_counted():
    def says(count):
        named = tuple((n, f"n{n}", ProposalState.PENDING) for n in range(min(count, 3)))
        found = item_view(proposal_id=1, revision=0, alike=Alike(count, named), **flight_change())["alike"]
        return found["words"], [one["name"] for one in found["named"]], found["more"]

    assert says(0)[1:] == ([], "")
    assert says(1) == ("The same request as another item:", ["n0"], "")
    assert says(5) == ("The same request as 5 others:", ["n0", "n1", "n2"], "and 2 more")
    assert says(COUNTED)[0] == "The same request as 100 or more others:"


def test_what_another_run_proposed_says_by_whom_and_can_be_taken():
    sample = flight_change()
    other = FromOtherRun(sample["others"][0], "gpt-4o-mini", "2026-01-02T03:04:05+00:00")
    [shown] = item_view(proposal_id=1, revision=0, earlier=[other], **sample)["earlier"]
    assert shown["from"] == "gpt-4o-mini, 2026-01-02 03:04 UTC"
    assert (shown["text"], shown["last_step"]) == ("Move my trip from ATL to PHL to May 24.", 6)


def test_the_marks_of_a_run_are_explained_only_where_it_has_them():
    marks = item_view(proposal_id=1, revision=0, **flight_change())["trace"]["marks"]
    assert marks["shown"]
    assert set(marks) == {"failed", "shown", "stale", "grader"}
    assert not marks["grader"]


def test_the_whole_run_and_one_text_of_it_come_with_their_marks():
    sample = long_run(3, steps=100, size=20_000)
    run = {name: sample[name] for name in ("trajectory", "attempt", "analysis", "outcome")}
    cut = item_view(proposal_id=1, revision=0, **sample)["trace"]
    whole = expanded_view(**run, step=0, field="all")["trace"]
    one = expanded_view(**run, step=100, field="observation")["block"]
    assert len(json.dumps(cut)) < 400_000
    assert [part["skip"] for step in whole["steps"] for part in step["observation"]["parts"]] == [0] * 100
    assert [mark["id"] for mark in one["marks"]] == ["claim1.1"]
    assert one == whole["steps"][99]["observation"]


def test_what_a_grader_wrote_into_a_result_is_marked():
    sample = flight_change()
    said = AgentStep(action_name="submit", observation="Sent. Answer is INCORRECT")
    sample["trajectory"] = sample["trajectory"].model_copy(update={"steps": (*sample["trajectory"].steps, said)})
    trace = item_view(proposal_id=1, revision=0, **sample)["trace"]
    assert trace["marks"]["grader"]
    [step] = [step for step in trace["steps"] if step["tool"] == "submit"]
    assert list(marked(step["observation"]).values()) == ["Answer is INCORRECT"]


def test_an_error_is_worded_by_who_says_so():
    steps = item_view(proposal_id=1, revision=0, **flight_change())["trace"]["steps"]
    assert steps[4]["error"] == "Error, reported by the tool"
    assert steps[3]["error"] is None


def test_arguments_are_rows_that_a_person_can_read():
    rows = item_view(proposal_id=1, revision=0, **flight_change())["trace"]["steps"][6]["args"]
    drawn = [(row["depth"], row["key"], row["value"]["parts"][0]["text"] if row["value"] else "") for row in rows]
    assert drawn == [
        (0, "reservation_id", "M05KNL"),
        (0, "cabin", "economy"),
        (0, "flights", ""),
        (1, "1", "flight_number: HAT227, date: 2024-05-24"),
        (1, "2", "flight_number: HAT139, date: 2024-05-24"),
        (0, "payment_id", "gift_card_8887175"),
    ]


def test_all_attempts_are_listed_in_order_and_the_one_put_forward_is_named():
    attempts = item_view(proposal_id=1, revision=0, **flight_change())["proposal"]["attempts"]
    assert [attempt["proposed"] for attempt in attempts] == [False, True, False]


def test_hostile_text_in_every_field_makes_a_payload_without_control_characters():
    sent = json.dumps(
        pane_payload(item_view(proposal_id=1, revision=0, **hostile()), last=HOSTILE, notice=("error", HOSTILE))
    )
    shown = json.loads(sent)
    shown["item"]["proposal"]["text"] = shown["item"]["proposal"]["answer"] = ""  # what the text box edits
    shown["item"]["proposal"]["attempts"] = []
    text = json.dumps(shown, ensure_ascii=False)
    assert not any(
        sign in text for sign in ("\x1b", "\u202e", "\u200b", "\x00", "\U000e0041", "\ud800", "\\u001b", "\\u0000")
    )
    assert len(sent) < 200_000


def test_a_very_long_run_stays_within_its_budget():
    item = item_view(proposal_id=1, revision=0, **long_run(1, steps=100, size=20_000))
    assert len(json.dumps(item)) < 1_000_000


def test_an_expanded_text_comes_whole_and_a_raw_record_too():
    run = long_run(1, steps=3, size=60_000)["trajectory"]
    whole = expanded_view(run, step=2, field="observation")["block"]
    assert whole["parts"] == [{"text": run.steps[1].observation, "skip": 0}]
    assert expanded_view(run, step=0, field="raw", raw='{"a": 1}')["block"]["parts"][0]["text"] == '{"a": 1}'
    assert expanded_view(run, step=0, field="original_prompt")["block"]["chars"] == len(run.original_prompt)


def test_a_check_of_an_edited_text_names_the_text_it_belongs_to():
    sample = flight_change()
    check = check_view(Draft("edited", "Done.", 2, 3), sample["attempt"].grounding)
    assert (check["text"], check["answer"], check["steps"]) == ("edited", "Done.", [2, 3])
    assert check["stale"] == ["cheapest"]


def test_the_editor_gets_text_that_a_text_box_returns_unchanged():
    sample = flight_change()
    sample["attempt"] = sample["attempt"].model_copy(
        update={
            "hindsight_prompt": "a\r\nb\rc\x00\ud800",
            "grounding": sample["attempt"].grounding.model_copy(update={"values": ()}),
        }
    )
    assert item_view(proposal_id=1, revision=0, **sample)["proposal"]["text"] == "a\nb\nc\ufffd"


def test_a_finished_queue_has_no_item():
    payload = pane_payload(None, empty={"title": "Done", "text": "", "buttons": []})
    assert payload["item"] is None
    assert payload["item_key"] is None
    assert [reason["n"] for reason in payload["reasons"]] == list(range(1, 10))
