from broadsheet.generate.writers.endpoint import client as chat
from tests.generate.endpoint_server import always, free_port, said, serving, writer_of


def test_an_answer_that_breaks_off_after_status_200_counts_its_tokens():
    whole = said("Veltra fell.")[1]
    broken = (200, whole, {"Content-Length": str(len(whole) + 100), "Connection": "close"})
    with serving(always(broken)) as server:
        reply = chat.Chat(server.url, "small").ask("x", 5.0)
    assert (reply.text, reply.tokens, reply.again) == ("", None, True)
    assert chat.Chat(f"http://127.0.0.1:{free_port()}/v1", "small").ask("x", 5.0).tokens == 0


def test_a_budget_ends_with_answers_that_break_off():
    whole = said("Veltra fell.")[1]
    broken = (200, whole, {"Content-Length": str(len(whole) + 100), "Connection": "close"})
    with serving(always(broken)) as server:
        writer = writer_of(server.url, retries=0, tokens=200)
        assert writer(["one", "two", "three"]) == [[], [], []]
        assert len(server.requests) == 1 and writer.spent_tokens > 100
