import time
from threading import Event

from broadsheet.generate.writers.endpoint import allowance
from broadsheet.generate.writers.endpoint import writer as endpoint
from tests.generate.endpoint_server import DOWN, PROMPTS, always, echo, in_turn, reasons, said, serving, writer_of


def test_a_budget_ends_the_asking(caplog):
    each = endpoint.estimate_tokens(PROMPTS[0])
    with serving(lambda server, prompt: said("There.", tokens=each)) as server:
        writer = writer_of(server.url, tokens=5 * each)
        drafts = [writer([prompt])[0] for prompt in PROMPTS[:8]]
        assert drafts == [["There."]] * 5 + [[]] * 3 and len(server.requests) == 5
        assert f"budget of {5 * each} tokens spent: 3" in reasons(writer, caplog)


def test_a_budget_holds_for_requests_made_at_once():
    each = endpoint.estimate_tokens(PROMPTS[0])
    with serving(echo) as server:
        drafts = writer_of(server.url, tokens=5 * each)(PROMPTS[:10])
        assert len(server.requests) == 5 and drafts.count([]) == 5


def test_tokens_that_are_told_count_in_place_of_the_estimate():
    each = endpoint.estimate_tokens(PROMPTS[0])
    with serving(lambda server, prompt: said("There.", tokens=1)) as server:
        writer = writer_of(server.url, tokens=each + 7)
        assert [writer([prompt])[0] for prompt in PROMPTS[:8]] == [["There."]] * 8


def test_what_was_refused_costs_nothing():
    each = endpoint.estimate_tokens(PROMPTS[0])
    with serving(in_turn(DOWN, DOWN, said("There."))) as server:
        assert writer_of(server.url, tokens=each)(PROMPTS[:1]) == [["There."]]


def test_a_dead_endpoint_is_left_alone_after_failures_in_a_row(caplog):
    many = [f"prompt {number}" for number in range(200)]
    with serving(always(DOWN)) as server:
        writer = writer_of(server.url, retries=0)
        assert writer(many) == [[]] * 200
        assert allowance.IN_A_ROW <= len(server.requests) < allowance.IN_A_ROW + endpoint.AT_ONCE
        assert f"left alone after {allowance.IN_A_ROW} failures in a row" in reasons(writer, caplog)


def test_failures_between_answers_stop_nothing():
    with serving(lambda server, prompt: echo(server, prompt) if prompt.endswith(("0", "5")) else DOWN) as server:
        writer = writer_of(server.url, retries=0)
        drafts = [writer([f"prompt {number}"])[0] for number in range(40)]
        assert len(server.requests) == 40 and len(drafts) - drafts.count([]) == 8


def test_an_endpoint_that_has_come_back_is_asked_again_after_a_pause_by_one_draft_first(monkeypatch):
    monkeypatch.setattr(allowance, "PAUSE", 0.0)
    up = Event()
    with serving(lambda server, prompt: echo(server, prompt) if up.is_set() else DOWN) as server:
        writer = writer_of(server.url, retries=0)
        writer([f"a {number}" for number in range(allowance.IN_A_ROW)])
        monkeypatch.setattr(allowance, "PAUSE", 60.0)
        before = len(server.requests)
        assert writer(PROMPTS) == [[]] * len(PROMPTS) and len(server.requests) == before + 1
        up.set()
        assert writer(PROMPTS) == [[]] * len(PROMPTS)  # the pause began anew
        writer._allowance._resumes = time.monotonic()
        assert writer(PROMPTS[:1]) == [[f"On {PROMPTS[0]}"]]
        assert [] not in writer(PROMPTS)
