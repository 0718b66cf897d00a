"""Small runs that many tests of the rule-based stages share; each is one situation, not a fixture of parts."""

import json
from typing import Any

from core.models import FailedTrajectory, Label, LabelOutcome

FLIGHTS = [
    {"flight_number": "HAT069", "departs": "06:00", "arrives": "12:00", "prices": {"economy": 121, "business": 239}},
    {"flight_number": "HAT083", "departs": "01:00", "arrives": "07:00", "prices": {"economy": 100, "business": 276}},
]


def call(name: str, arguments: dict[str, Any], result: Any, **more: Any) -> dict[str, Any]:
    """One tool call with its result."""
    observation = result if isinstance(result, str) else json.dumps(result)
    return {"action_name": name, "action_input": arguments, "observation": observation, **more}


def said(text: str) -> dict[str, Any]:
    """The agent speaks."""
    return {"kind": "message", "text": text}


def user(text: str) -> dict[str, Any]:
    """The user speaks in mid-run."""
    return {"kind": "user", "text": text}


def run(prompt: str, *steps: dict[str, Any], answer: str = "", failed: bool = True, **more: Any) -> FailedTrajectory:
    """A run with the source's word that it failed, or none."""
    label = Label(outcome=LabelOutcome.FAILURE if failed else LabelOutcome.UNKNOWN)
    return FailedTrajectory(original_prompt=prompt, steps=steps, final_answer=answer, **{"label": label, **more})


def flight_run() -> FailedTrajectory:
    """A look-up that worked before a booking that failed."""
    return run(
        "Book me the cheapest flight from New York to Seattle on May 20.",
        call("get_user_details", {"user_id": "mia_kim_4397"}, {"name": "Mia Kim", "membership": "gold"}),
        call("search_direct_flight", {"origin": "JFK", "destination": "SEA", "date": "2024-05-20"}, FLIGHTS),
        call("book_flight", {"flight_number": "HAT069", "date": "2024-05-20"}, "Error: card declined"),
        answer="I was unable to book the flight.",
    )


def move_run(system_prompt: str = "") -> FailedTrajectory:
    """A change that worked but was not what the user wanted."""
    return run(
        "Move my trip to the fastest flight.",
        user("My user id is mia_kim_4397, reservation H9ZU1C."),
        call("get_reservation", {"reservation_id": "H9ZU1C"}, {"reservation_id": "H9ZU1C", "cabin": "business"}),
        call(
            "update_reservation_flights",
            {
                "reservation_id": "H9ZU1C",
                "cabin": "economy",
                "flights": [{"flight_number": "HAT083", "date": "2024-05-21"}],
            },
            {"reservation_id": "H9ZU1C", "status": "updated", "total": 100},
        ),
        answer="Your reservation has been updated to HAT083.",
        system_prompt=system_prompt,
    )
