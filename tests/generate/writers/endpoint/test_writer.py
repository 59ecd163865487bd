import time
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import ConfigError
from broadsheet.generate import EndpointWriter
from broadsheet.generate.writers.endpoint import client as chat
from broadsheet.generate.writers.endpoint import writer as endpoint
from tests.generate.endpoint_server import (
    DOWN,
    PROMPTS,
    always,
    echo,
    free_port,
    in_turn,
    reasons,
    said,
    serving,
    writer_of,
)


def test_a_request_is_that_of_the_chat_api_with_the_key_in_its_header():
    with serving(echo) as server:
        assert writer_of(f"{server.url}/", key="sk-secret")(["Coal fell."]) == [["On Coal fell."]]
        (request,) = server.requests
    assert request["path"] == "/v1/chat/completions"
    assert request["headers"]["Authorization"] == "Bearer sk-secret"
    assert request["body"] == {
        "model": "small",
        "messages": [{"role": "user", "content": "Coal fell."}],
        "max_tokens": chat.MOST_TOKENS,
        "temperature": 0,
        "seed": 0,
    }


def test_without_a_key_no_header_claims_one():
    with serving(echo) as server:
        writer_of(server.url)(["x"])
        assert "Authorization" not in server.requests[0]["headers"]


def test_drafts_keep_the_order_of_their_prompts_though_answers_come_in_another():
    late = Event()

    def answer(server, prompt):
        late.wait(5) if prompt == PROMPTS[0] else None
        late.set() if prompt == PROMPTS[endpoint.AT_ONCE] else None  # sent only when one of the first was answered
        return echo(server, prompt)

    with serving(answer) as server:
        assert writer_of(server.url)(PROMPTS) == [[f"On {prompt}"] for prompt in PROMPTS]
        assert set(server.prompts) == set(PROMPTS)


def test_no_prompts_are_no_requests():
    with serving(echo) as server:
        assert writer_of(server.url)([]) == [] and server.requests == []


def test_an_endpoint_that_stumbles_is_asked_again():
    with serving(in_turn(DOWN, (503, b"", {}), said("There."))) as server:
        assert writer_of(server.url, retries=2)(["x"]) == [["There."]]
        assert len(server.requests) == 3


def test_tries_end_after_the_retries(caplog):
    with serving(always(DOWN)) as server:
        writer = writer_of(server.url, retries=1)
        assert writer(["x"]) == [[]] and len(server.requests) == 2
        assert "1 of 1 drafts had no answer (HTTP 500: 1)" in reasons(writer, caplog)


def test_too_many_requests_are_asked_again_after_the_time_that_is_named():
    with serving(in_turn((429, b"", {"Retry-After": "0"}), said("There."))) as server:
        assert writer_of(server.url)(["x"]) == [["There."]]
        assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 204, 302])
def test_what_another_try_would_not_mend_is_not_tried_again(status, caplog):
    with serving(always((status, b"", {}))) as server:
        writer = writer_of(server.url)
        assert writer(["x"]) == [[]] and len(server.requests) == 1
        assert f"HTTP {status}: 1" in reasons(writer, caplog)


@given(tries=st.integers(1, 50), after=st.floats(0, 1e9))
def test_a_wait_is_what_was_asked_for_or_more_up_to_a_bound(tries, after):
    assert min(after, endpoint.MOST_WAIT) <= endpoint.wait_seconds(tries, after) <= endpoint.MOST_WAIT


def test_waits_grow_and_differ(monkeypatch):
    monkeypatch.setattr(endpoint, "FIRST_WAIT", 1.0)
    waits = [endpoint.wait_seconds(tries, 0.0) for tries in (1, 3, 5)]
    assert waits == sorted(waits) and waits[-1] >= 8
    assert len({endpoint.wait_seconds(1, 0.0) for _ in range(9)}) > 1


def test_a_prompt_that_was_answered_is_not_asked_for_again_and_one_that_failed_is(monkeypatch):
    with serving(in_turn(DOWN, said("There."))) as server:
        writer = writer_of(server.url, retries=0)
        assert [writer(["x"]) for _ in range(3)] == [[[]], [["There."]], [["There."]]]
        assert len(server.requests) == 2


def test_no_more_drafts_are_kept_than_the_bound(monkeypatch):
    monkeypatch.setattr(endpoint, "KEPT", 3)
    with serving(echo) as server:
        writer = writer_of(server.url)
        for prompt in PROMPTS:
            writer([prompt])
        assert list(writer._kept) == PROMPTS[-3:]


def test_a_redirect_is_not_followed_and_the_key_goes_to_no_other_host():
    with serving(echo) as other:
        answer = (307, b"", {"Location": f"{other.url}/chat/completions"})
        with serving(always(answer)) as server:
            assert writer_of(server.url, key="sk-secret")(["x"]) == [[]]
            assert len(server.requests) == 1 and other.requests == []


def test_a_page_gets_what_is_there_when_its_time_is_over(caplog):
    over = Event()

    def answer(server, prompt):
        over.wait(5) if "slow" in prompt else None
        return echo(server, prompt)

    with serving(answer) as server:
        write = writer_of(server.url).within(0.3)
        assert write(["quick", "slow"]) == [["On quick"], []]
        assert write(["another"]) == [[]]  # the time is that of the whole page
        over.set()
    assert "1 of 2 drafts had no answer" in caplog.records[0].getMessage()


def test_nothing_is_asked_when_the_time_is_over():
    with serving(echo) as server:
        reply, tries = writer_of(server.url)._tried("x", time.monotonic(), Event())
        assert (reply.problem, tries, server.requests) == ("no time left", 0, [])


def test_a_warning_is_not_said_again_at_once(caplog):
    writer = writer_of(f"http://127.0.0.1:{free_port()}/v1", retries=0)
    for _ in range(3):
        writer.within(5.0)(["x"])
    assert len(caplog.records) == 1


def test_the_key_is_in_no_warning_and_no_representation(caplog):
    with serving(always((401, b"Incorrect key sk-secret", {}))) as server:
        writer = writer_of(server.url, key="sk-secret")
        writer(["x"])
        assert "sk-secret" not in reasons(writer, caplog) + repr(writer) + repr(vars(writer))


def test_the_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("BROADSHEET_API_KEY", "sk-mine\n")
    with serving(echo) as server:
        endpoint.open_endpoint(server.url, "small", timeout_seconds=5.0, retries=0, tokens=0)(["x"])
        assert server.requests[0]["headers"]["Authorization"] == "Bearer sk-mine"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/v1", "http://localhost/v1", "http://[::1]/v1", "https://a.example"]
)
def test_a_key_may_go_to_this_machine_and_over_tls(url):
    writer_of(url, key="sk-secret")


@pytest.mark.parametrize("url", ["http://a.example/v1", "http://10.0.0.1/v1", "http://localhost.a.example/v1"])
def test_a_key_is_not_sent_to_another_machine_in_the_clear(url):
    writer_of(url)
    with pytest.raises(ConfigError, match="without encryption") as caught:
        writer_of(url, key="sk-secret")
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk secret", "sk\nX-Evil: 1", "sk-é"])
def test_a_key_that_no_header_can_hold_is_one_error_without_the_key(key):
    with pytest.raises(ConfigError, match="BROADSHEET_API_KEY") as caught:
        writer_of("https://a.example/v1", key=key)
    assert key not in str(caught.value)


def test_the_fingerprint_is_of_address_and_model_and_not_of_the_key():
    model = writer_of("https://a.example/v1").model
    assert model == writer_of("https://a.example/v1/", key="sk-secret").model and len(model) == 16
    assert model != writer_of("https://b.example/v1").model != EndpointWriter("https://b.example/v1", "large").model
