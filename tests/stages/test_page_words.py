import pytest
from rule_runs import call, run, user

from core.stages.detect import detect_with_rules
from core.stages.relabel import relabel_with_rules

OMEN = (
    "The Omen is a 1976 supernatural horror film directed by Richard Donner and written by David Seltzer. "
    "It was released in June 1976."
)
BAER = "Kent Lex Baer (born May 2, 1951) is an American college football coach. He played for Utah State."
NOT_FOUND = "Could not find [A film of 1976]. Similar: ['The Omen', 'Taxi Driver']"


def proposals(*steps, answer="Somebody"):
    trajectory = run("Which man made the film that the coach liked?", *steps, answer=answer)
    return relabel_with_rules(trajectory, detect_with_rules(trajectory))


def search(topic, text):
    return call("Search", {"input": topic}, text)


@pytest.mark.parametrize(
    ("topic", "page", "question"),
    [
        ("The Omen", OMEN, "Who directed The Omen, and who wrote it?"),
        ("Kent Baer", BAER, "Who is Kent Baer?"),
        ("Atrebates", "The Atrebates were a Belgic tribe of the Iron Age.", "What were the Atrebates?"),
        (
            "Chief Adviser (United Kingdom)",
            "The UK Chief Adviser (UKCA) is the personal adviser on science.",
            "What is the Chief Adviser (United Kingdom)?",
        ),
        (
            "Idaho Vandals football",
            "The Idaho Vandals football are the teams of the University of Idaho.",
            "What is known about the Idaho Vandals football?",
        ),
        (
            "Emperor Nicholas II",
            "Nicholas II (18 May 1868 \u2013 17 July 1918) was the last Emperor of Russia until his abdication.",
            "Who was Emperor Nicholas II?",
        ),
        (
            "World War I",
            "World War I (28 July 1914 \u2013 11 November 1918) was a global conflict between two coalitions.",
            "What was World War I?",
        ),
        ("playwright", "A playwright or dramatist is a person who writes plays.", "What is a playwright?"),
    ],
)
def test_a_page_is_asked_for_by_what_its_opening_tells(topic, page, question):
    assert proposals(search(topic, page))[0].hindsight_prompt == question


def test_two_pages_are_one_question_and_a_search_in_vain_before_them_is_left_out():
    best = proposals(search("A film of 1976", NOT_FOUND), search("The Omen", OMEN), search("Kent Baer", BAER))[0]
    assert best.hindsight_prompt == "Who directed The Omen, and who wrote it? Who is Kent Baer?"
    assert (best.first_step, best.last_step) == (2, 3)
    assert best.final_answer.splitlines() == [OMEN.partition(". ")[0] + ".", BAER.partition(". ")[0] + "."]
    assert best.grounding.missing_inputs == ()


def test_a_page_about_something_else_is_only_searched_for():
    best = proposals(search("Juliet Starling", "Lollipop Chainsaw is a video game about a cheerleader."))[0]
    assert best.hindsight_prompt == "Please search for Juliet Starling and tell me what you find."


def test_an_update_is_asked_for_by_what_it_changed_and_with_the_reason_that_was_given():
    record = {
        "reservation_id": "H9ZU1C",
        "cabin": "economy",
        "flights": [{"flight_number": "HAT083", "date": "2024-05-21"}],
    }
    new = {**record, "cabin": "business"}
    trajectory = run(
        "Change my trip.",
        call("get_reservation", {"reservation_id": "H9ZU1C"}, record),
        {"kind": "message", "text": "What is the reason?"},
        user("It's because my knee hurts."),
        call(
            "update_reservation_flights",
            {"reservation_id": "H9ZU1C", "cabin": "business", "flights": record["flights"], "payment_id": "card_1"},
            new,
        ),
        answer="Done.",
    )
    prompts = [a.hindsight_prompt for a in relabel_with_rules(trajectory, detect_with_rules(trajectory))]
    expected = "Please change the cabin of reservation H9ZU1C to business, paid with card_1. The reason: my knee hurts."
    assert expected in prompts
