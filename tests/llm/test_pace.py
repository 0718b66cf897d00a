"""How fast a server is asked: the pace it is kept at, how it slows down and comes back, when it is given up."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fake_time import FakeTime

from core.errors import ModelUnreachable, Stopped
from core.llm.gate import Gate
from core.llm.pace import GONE_AFTER, GONE_AFTER_S, Pace


def sent_in_a_minute(pace, tokens=0, real_tokens=0):
    """Requests that go within 60 s if each is answered at once."""
    now, sent = 0.0, 0
    while now < 60:
        if wait := pace.wait_s(now, tokens):
            now += wait
        else:
            pace.answered(now, pace.begin(now, tokens), real_tokens)
            sent += 1
    return sent


def test_no_more_than_so_many_are_in_flight():
    pace = Pace(2)
    first, _ = pace.begin(0, 0), pace.begin(0, 0)
    assert pace.wait_s(0, 0) == math.inf
    pace.answered(1, first, 0)
    assert pace.wait_s(1, 0) == 0


@pytest.mark.parametrize("rpm", [30, 600])
def test_requests_a_minute_are_kept_and_spread_over_it(rpm):
    pace = Pace(64, rpm=rpm)
    assert rpm <= sent_in_a_minute(pace) <= rpm * 61 / 60 + 1


def test_tokens_a_minute_are_kept_by_what_the_server_counts_not_by_the_guess():
    assert sent_in_a_minute(Pace(64, tpm=60_000), tokens=100, real_tokens=1_000) == pytest.approx(61, abs=1)
    assert sent_in_a_minute(Pace(64, tpm=60_000), tokens=1_000) == pytest.approx(61, abs=1)


def test_a_call_larger_than_a_seconds_share_goes_and_the_others_pay_for_it():
    pace = Pace(64, tpm=6_000)
    assert pace.wait_s(0, 5_000) == 0
    pace.begin(0, 5_000)
    assert pace.wait_s(0, 1) == pytest.approx(49, abs=0.1)


def test_a_wait_that_one_request_is_told_is_kept_by_all():
    pace = Pace(8)
    told, other = pace.begin(0, 0), pace.begin(0, 0)
    pace.too_many(1, told, 7)
    pace.answered(2, other, 0)
    assert pace.wait_s(3, 0) == 5


def test_after_too_many_requests_one_goes_first_and_the_way_back_is_quick_to_the_half_and_then_slow():
    pace = Pace(16)
    given = [pace.begin(0, 0) for _ in range(16)]
    for one in given[:8]:  # all of one wave: it slows down once
        pace.too_many(1, one, None)
    for one in given[8:]:
        pace.answered(1, one, 0)
    flights = []
    for now in range(2, 20):
        wave = []
        while not pace.wait_s(now, 0):
            wave.append(pace.begin(now, 0))
        for one in wave:
            pace.answered(now + 0.5, one, 0)
        flights.append(len(wave))
    assert flights[:5] == [1, 2, 4, 8, 8]
    assert flights[5:13] == [9, 10, 11, 12, 13, 14, 15, 16]
    assert set(flights[13:]) == {16}


def test_a_server_that_says_the_wait_is_over_is_not_slowed_down():
    pace = Pace(16)
    pace.too_many(1, pace.begin(0, 0), 0)
    assert (pace.limit, pace.wait_s(1, 0)) == (16, 0)


def test_one_broken_connection_among_many_answers_changes_nothing():
    pace = Pace(16)
    for now in range(100):
        assert not pace.failed(now, pace.begin(now, 0), connection=True)
        pace.answered(now, pace.begin(now, 0), 0)
    assert (pace.limit, pace.wait_s(100, 0)) == (16, 0)


def test_a_dead_server_is_asked_by_one_at_longer_and_longer_times_and_then_given_up():
    pace = Pace(16)
    for one in [pace.begin(0, 0) for _ in range(16)]:
        assert not pace.failed(0, one, connection=True)
    now, times = 0.0, []
    while True:
        now += pace.wait_s(now, 0)
        times.append(now)
        if pace.failed(now, pace.begin(now, 0), connection=True):
            break
    assert times == [0.5, 1.5, 3.5, 7.5, 15.5, 23.5]
    assert pace.failing_for_s(now) == 23.5


def test_time_outs_alone_give_a_server_up_only_after_enough_of_them_and_long_enough():
    pace = Pace(1)
    for number in range(1, GONE_AFTER):
        assert not pace.failed(number * GONE_AFTER_S, pace.begin(0, 0), connection=False)
    assert pace.failed(GONE_AFTER * GONE_AFTER_S, pace.begin(0, 0), connection=False)
    quick = Pace(64)
    assert not any(quick.failed(1, quick.begin(0, 0), connection=False) for _ in range(64))


def test_a_refusal_is_a_sign_of_life():
    pace = Pace(1)
    for now in range(0, 1000, 10):
        pace.begin(now, 0)
        pace.refused()
        assert not pace.failed(now, pace.begin(now, 0), connection=True)


def test_threads_at_one_gate_never_exceed_its_limit_and_all_get_through():
    gate = Gate(3)
    inside, peak, lock = 0, 0, threading.Lock()

    def ask(number):
        nonlocal inside, peak
        given = gate.enter(0)
        with lock:
            inside += 1
            peak = max(peak, inside)
        with lock:
            inside -= 1
        gate.answered(given, 0)
        return number

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(500))) == list(range(500))
    assert peak <= 3


def test_nobody_waits_at_the_gate_of_a_run_that_ends():
    time = FakeTime()
    gate = time.gate(1, stopping=lambda: time.now > 1)
    gate.enter(0)
    with pytest.raises(Stopped):
        gate.enter(0)
    with pytest.raises(Stopped):
        gate.rest(60)


def test_a_server_given_up_is_asked_again_a_little_later():
    time = FakeTime()
    gate = time.gate(1)
    with pytest.raises(ModelUnreachable, match=r"answered nothing for \d+ s. The last fault: it is gone"):
        for _ in range(100):
            gate.failed(gate.enter(0), "it is gone", connection=True)
    with pytest.raises(ModelUnreachable, match="it is gone"):
        gate.enter(0)
    time.now += 10
    gate.answered(gate.enter(0), 0)


def test_a_server_that_turns_everything_away_for_minutes_ends_the_run():
    time = FakeTime()
    gate = time.gate()
    with pytest.raises(ModelUnreachable, match=r"turned everything away for \d+ s. It says: slow down"):
        for _ in range(200):
            gate.too_many(gate.enter(0), None, "slow down")
    assert 180 <= time.now <= 200


def test_one_answer_between_them_and_it_is_only_busy():
    time = FakeTime()
    gate = time.gate()
    for number in range(200):
        given = gate.enter(0)
        if number % 9:
            gate.too_many(given, None, "slow down")
        else:
            gate.answered(given, 0)
