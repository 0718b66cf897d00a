import pytest
from rule_runs import FLIGHTS, call, flight_run, move_run, run, said, user

from core.models import AgentStep, FailedTrajectory, QueueReason, RelabeledData, Skip, SkipReason
from core.settings import PipelineConfig
from core.sources import read
from core.stages.detect import detect_with_rules
from core.stages.extract import extract_with_rules
from core.stages.facts import facts_of
from core.stages.relabel import relabel, relabel_with_rules

SETTINGS = PipelineConfig()


def proposal(trajectory: FailedTrajectory) -> RelabeledData | Skip:
    analysis = detect_with_rules(trajectory)
    return relabel(trajectory, analysis, extract_with_rules(trajectory, analysis), None, (), SETTINGS)


def proposed(trajectory: FailedTrajectory) -> RelabeledData:
    result = proposal(trajectory)
    assert isinstance(result, RelabeledData), result
    return result


def test_a_search_becomes_a_question_a_person_would_ask():
    result = proposed(flight_run())
    assert result.hindsight_prompt == (
        "My user ID is mia_kim_4397. Which direct flights go from JFK to SEA on May 20, 2024, "
        "when do they leave and arrive and what do they cost?"
    )
    assert (result.attempt.first_step, result.attempt.last_step) == (1, 2)


def test_the_failed_tail_is_cut_and_the_answer_is_written_from_results():
    attempt = proposed(flight_run()).attempt
    assert "unable" not in attempt.final_answer
    assert "HAT069: departs 06:00, arrives 12:00, prices (economy 121, business 239)" in attempt.final_answer
    assert attempt.answer_evidence


def test_a_change_is_asked_for_with_all_its_inputs():
    assert "H9ZU1C to HAT083 on May 21, 2024 in economy" in proposed(move_run()).hindsight_prompt
    assert proposed(move_run()).attempt.grounding.missing_inputs == ()


def test_a_change_under_a_policy_waits_for_a_human():
    free, bound = (
        proposed(move_run()),
        proposed(move_run("Policy: you must not change basic fares. Confirm every change.")),
    )
    whole = next(a for a in bound.attempts if "HAT083" in a.hindsight_prompt)
    assert free.accepted
    assert whole.verdict is not None
    assert whole.verdict.confidence is not None
    assert whole.verdict.confidence < SETTINGS.min_confidence
    assert "rules of the system prompt" in whole.verdict.reason
    assert "You have my confirmation" in whole.hindsight_prompt


def test_repeated_calls_of_one_kind_are_one_request():
    steps = [
        call("search_direct_flight", {"origin": "JFK", "destination": to, "date": "2024-05-20"}, FLIGHTS)
        for to in ("SFO", "LAX", "SEA")
    ]
    prompt = proposed(run("Cheapest flight to the west coast?", *steps, answer="")).hindsight_prompt
    assert prompt.startswith("Which direct flights go from JFK to SFO, LAX and SEA on May 20, 2024,")


def test_there_and_back_are_one_question():
    there = call("search_flights", {"origin": "Oslo", "destination": "Rome", "date": "2025-06-03"}, FLIGHTS)
    back = call("search_flights", {"origin": "Rome", "destination": "Oslo", "date": "2025-06-09"}, FLIGHTS)
    prompt = proposed(run("Cheapest trip?", there, back)).hindsight_prompt
    assert prompt.count("Which") == 1
    assert "from Oslo to Rome on June 3, 2025 and from Rome to Oslo on June 9, 2025" in prompt


def test_noise_is_left_out():
    trajectory = run(
        "Is it cheap?",
        call("think", {"thought": "let me see"}, ""),
        call("get_item", {"item_id": "A-1"}, {"title": "Lamp", "price": 12, "stock": 3}),
        call("get_item", {"item_id": "A-2"}, {"title": "Vase", "price": 20, "stock": 0}),
        call("transfer_to_human_agents", {"summary": "no idea"}, "Transfer successful"),
    )
    prompt = proposed(trajectory).hindsight_prompt
    assert "A-1 and A-2" in prompt
    assert "transfer" not in prompt.lower()
    assert "see" not in prompt


def test_limits_that_no_call_enforced_are_dropped_from_the_original():
    trajectory = run(
        "Find copper wire suppliers with prices under $5 per kilogram and minimum order quantities below 100kg.",
        call(
            "web_search",
            {"query": "copper wire suppliers"},
            "1) MetalWorks - $6.20/kg, MOQ 50kg. 2) WireWorld - $5.80/kg, MOQ 200kg.",
        ),
        answer="I was unable to find a supplier under $5/kg with MOQ below 100kg.",
        failure_reason="No supplier meets the price constraint.",
    )
    attempt = proposed(trajectory).attempt
    assert attempt.hindsight_prompt == "Find copper wire suppliers, and give their prices and minimum order quantities."
    assert "$5 " not in attempt.final_answer.replace("$5.80", "")
    assert "unable" not in attempt.final_answer
    assert "prices under $5 per kilogram" in attempt.rationale


def test_a_file_written_in_another_format_keeps_its_real_name():
    trajectory = run(
        "Write a script that reads a CSV file and exports it to a new CSV file named 'out.csv'.",
        call("code_write", {"language": "python", "code": "df.to_excel('out.xlsx')"}, "Code written successfully."),
        answer="Done.",
        failure_reason="Wrong file format.",
    )
    prompts = [a.hindsight_prompt for a in relabel_with_rules(trajectory, detect_with_rules(trajectory))]
    assert "Write a script that reads a CSV file and exports it to a new Excel file named 'out.xlsx'." in prompts


def test_a_clause_whose_target_no_call_reached_is_dropped():
    trajectory = run(
        "Pack the site folder into site.tar, check that it's complete and upload it to s3://club/march/ please",
        call("bash", {"command": "tar -cf site.tar site && tar -tf site.tar"}, "site/\nsite/index.html\n"),
        call(
            "bash",
            {"command": "aws s3 cp site.tar s3://club/march/"},
            "bash: aws: command not found\n\n[exit code 127]",
        ),
        answer="I could not upload it.",
    )
    prompts = [a.hindsight_prompt for a in relabel_with_rules(trajectory, detect_with_rules(trajectory))]
    assert "Pack the site folder into site.tar and check that it's complete." in prompts


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("SELECT COUNT(*) FROM singer", "how many singers are there?"),
        (
            "SELECT name, age FROM singer WHERE country = 'France' ORDER BY age DESC",
            "list the names and ages of the singers whose country is France, ordered by age from high to low",
        ),
        (
            "SELECT PetType, AVG(pet_age), MAX(pet_age) FROM pets GROUP BY PetType",
            "give the average and highest age of the pets for each pet type",
        ),
        (
            "SELECT document_id, COUNT(*) FROM paragraphs GROUP BY document_id ORDER BY COUNT(*)",
            "give the number of paragraphs for each document, ordered by number from low to high",
        ),
        (
            "SELECT s.name, COUNT(*) FROM semesters s JOIN student_enrolment e ON s.id = e.id GROUP BY s.name"
            " ORDER BY COUNT(*) DESC",
            "give the number of student enrolments for each semester, ordered by number from high to low",
        ),
        (
            "SELECT s.id, s.name, COUNT(*) AS n FROM semesters s JOIN enrolment e ON s.id = e.sid GROUP BY s.id, s.name"
            " ORDER BY n DESC, s.id LIMIT 1",
            "which semester has the most enrolments, and how many?",
        ),
        (
            "SELECT country, AVG(age), COUNT(*) FROM singer GROUP BY country",
            "give the average age and number of the singers for each country",
        ),
        (
            "SELECT nation, COUNT(*) n FROM people GROUP BY nation HAVING n >= 2",
            "which nations have at least 2 people, and how many?",
        ),
        (
            "SELECT c.name FROM city c JOIN country k ON c.code = k.code WHERE k.continent = 'Asia' AND c.size > 5",
            "list the names of the cities whose country's continent is Asia and whose size is over 5",
        ),
        (
            "SELECT SUM(amount_cents) / 100.0 AS eur FROM invoices WHERE issued_on >= '2024-07-01'"
            " AND issued_on < '2024-10-01'",
            "what is the total amount in EUR of the invoices whose issued date is on or after 2024-07-01"
            " and before 2024-10-01?",
        ),
        (
            "SELECT c.company, SUM(i.amount) AS paid FROM invoices i JOIN customers c ON c.id = i.customer_id"
            " WHERE i.status = 'paid' GROUP BY c.id ORDER BY paid DESC LIMIT 5",
            "give the company and total amount of the 5 customers with the highest total amount, counting only the"
            " invoices whose status is paid",
        ),
        (
            "SELECT name FROM pupils WHERE id NOT IN (SELECT pupil_id FROM friends)",
            "list the names of the pupils that have no friends",
        ),
        (
            "SELECT title FROM films ORDER BY air_date DESC LIMIT 1",
            "give the title of the film with the latest air date",
        ),
        ("SELECT x FROM t WHERE id IN (SELECT id FROM u WHERE a = 1)", None),
        ("SELECT a FROM t UNION SELECT a FROM u", None),
        ("SELECT a FROM t WHERE x = 1 AND (y = 2 OR z = 3)", None),
        ("SELECT a, RANK() OVER (ORDER BY b) FROM t", None),
        ("SELECT a FROM t WHERE", None),
        ("SELECT a, COUNT(*) FROM t GROUP BY 9", None),
        ("SELECT a FROM t GROUP BY 'x' LIMIT 1.5", None),
        ("SELECT name FROM people WHERE born LIKE '2025-02-__'", None),
        ("SELECT name FROM people WHERE born = '2025-02-?'", None),
        ("SELECT name FROM people WHERE born LIKE '2025-02%'", "list the names of the people whose born is in 2025-02"),
        (
            "SELECT COUNT(*) FROM people WHERE num_people > 1",
            "how many people are there whose number of people is over 1?",
        ),
    ],
)
def test_a_query_is_asked_in_words_and_never_pasted(query, asked):
    from core.stages.relabel.sql_words import sql_request

    assert sql_request(query) == asked


def test_a_shells_prompt_is_no_fact_of_its_output():
    output = "3 files changed\nopenhands@runtime-1:/workspace $ "
    step = AgentStep(action_name="bash", action_input={"command": "git diff --stat"}, observation=output)
    [fact] = facts_of(step)
    assert fact.text == output[fact.start : fact.end] == "3 files changed"


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        (
            "find projects -name '*.tmp' -exec wc -c {} \\; | sort -rn",
            "find all files named *.tmp under projects and give the size of each, sorted from high to low",
        ),
        ("df -h .", "tell me how much disk space is available on the disk of the current folder"),
        ("cat a.txt | wc -l", "show me what is in a.txt and count the lines"),
        ("find / -mmin +5 -regex x", None),
        (
            "find /w -type f -size +1k -mtime -7 ! -name '*.c' | wc -l",
            "count all files of more than 1k and changed in the last 7 days and not named *.c under /w",
        ),
        (
            "find . -maxdepth 1 \\( -name '*.c' -o -name '*.h' \\) -exec cp {} /tmp \\;",
            "find all files named *.c or *.h directly in the current folder and copy them to /tmp",
        ),
        ("find . -name a -o -mtime 1", None),
        (
            "cd /w && awk '{s += $1} END {print s}' n.txt",
            "show me what is in n.txt, and tell me the sum of that, in /w",
        ),
        (
            'echo "a | b" > x.txt; cat x.txt',
            'take the text "a | b", and save that in x.txt, then show me what is in x.txt',
        ),
        ("tar -czf a.tgz -C /w x", None),
        ("ls -l /w | awk '{print $5}'", None),
        ("grep -o 'upstream=[a-z]*' log", None),
        ("for p in a b; do echo $p; done", None),
    ],
)
def test_a_command_is_asked_for_only_if_all_of_it_can_be_said(command, asked):
    from core.stages.relabel.shell_words import shell_request

    assert shell_request(command) == asked


def test_own_words_stay_where_results_bear_them_out_and_arguing_lines_go():
    trajectory = run(
        "Cancel it.",
        user("Reservation H9ZU1C."),
        call(
            "get_reservation",
            {"reservation_id": "H9ZU1C"},
            {"reservation_id": "H9ZU1C", "cabin": "basic_economy", "insurance": "yes", "created": "2024-05-03"},
        ),
        said(
            "Reservation H9ZU1C is in basic economy with insurance: yes.\n"
            "Since you have insurance you are eligible for a full refund.\nShall I go ahead?"
        ),
    )
    answers = [a.final_answer for a in relabel_with_rules(trajectory, detect_with_rules(trajectory))]
    assert any("basic economy" in answer for answer in answers)
    assert not any("eligible" in answer or "?" in answer for answer in answers)


def test_a_run_that_did_nothing_tellable_is_a_skip_with_a_sentence():
    trajectory = run("q", call("bash", {"command": "for i in 1 2; do echo $i; done"}, "1\n2"), answer="")
    result = proposal(trajectory)
    assert isinstance(result, Skip)
    assert result.reason is SkipReason.NO_GOAL


def test_confidence_is_honest_and_lower_than_a_models():
    for trajectory in (flight_run(), move_run()):
        for attempt in relabel_with_rules(trajectory, detect_with_rules(trajectory)):
            assert 0.2 <= attempt.confidence <= 0.75
            assert attempt.verdict is not None
            assert attempt.verdict.judge == "rules"
            assert attempt.verdict.reason


def test_every_failed_airline_run_ends_in_a_proposal_or_a_true_skip(shared_data):
    runs = [
        r.trajectory for r in read(shared_data / "labelled/tau_bench/gpt-4o-airline.json") if hasattr(r, "trajectory")
    ]
    proposals, accepted = 0, 0
    for trajectory in runs:
        analysis = detect_with_rules(trajectory)
        if analysis.is_failure is False or not analysis.recoverable:
            continue
        result = proposed(trajectory)
        proposals += 1
        accepted += result.accepted
        attempt = result.attempt
        assert attempt.grounding.unsupported == ()
        assert attempt.grounding.leaks == ()
        assert attempt.grounding.missing_inputs == ()
        assert attempt.final_answer.strip()
        assert result.queue_reason in (None, QueueReason.BELOW_THRESHOLD)
    assert proposals == 50
    assert 20 <= accepted <= 45


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("web_search", {"limit": 3}),
        ("web_search", {"site": "shop.example"}),
        ("f", {"x": 5}),
        ("get_f", {}),
        ("tool", {}),
        ("get_data", {}),
    ],
)
def test_a_request_without_a_real_object_is_never_accepted_by_rules(tool, arguments):
    results = [{"title": "A lamp", "price": 4}, {"title": "A vase", "price": 5}]
    result = proposal(run("Find me a lamp.", call(tool, arguments, results), answer="I could not."))
    if isinstance(result, Skip):
        return
    assert not result.accepted
    assert "no real object" in (result.attempt.verdict.reason if result.attempt.verdict else "")
    assert "webs" not in result.hindsight_prompt


def test_fields_of_a_look_up_by_place_are_asked_for_in_whole_words():
    result = proposed(run("q", call("get_weather", {"city": "Rome"}, {"temp": 4, "sky": "clear"}), answer="No idea."))
    assert result.hindsight_prompt == "Please tell me the temp and sky in Rome."
