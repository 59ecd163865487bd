import json
import shutil
import socket
import ssl
import subprocess
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import pytest
from httpcore2._backends.sync import SyncStream
from hypothesis import example, given
from hypothesis import strategies as st

from broadsheet.generate.writers.endpoint import client as chat
from broadsheet.generate.writers.endpoint.client import parse, retry_after
from tests.generate.endpoint_server import DRIP, FLOOD, always, free_port, reasons, said, serving, writer_of


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-3", 0.0),
        ("²", 0.0),
        ("9" * 400, float("inf")),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_and_nonsense_as_none(header, seconds):
    assert retry_after(header) == seconds


def test_retry_after_may_be_a_date():
    assert retry_after("Wed, 21 Oct 2099 07:28:00 GMT") > 1e8


def test_an_endpoint_that_says_nothing_times_out(caplog):
    over = Event()

    def silent(server, prompt):
        over.wait(5)
        return said("Too late.")

    with serving(silent) as server:
        writer = writer_of(server.url, timeout_seconds=0.1, retries=1)
        assert writer(["x"]) == [[]]
        over.set()
        assert len(server.requests) == 2
        assert "timed out: 1" in reasons(writer, caplog)


def test_an_answer_that_drips_for_ever_times_out(caplog):
    with serving(always(DRIP)) as server:  # each single read is in time
        writer = writer_of(server.url, timeout_seconds=0.2, retries=0)
        assert writer(["x"]) == [[]]
        assert "timed out: 1" in reasons(writer, caplog)


def test_no_more_is_read_of_an_answer_than_the_bound(caplog):
    with serving(always(FLOOD)) as server:
        writer = writer_of(server.url, retries=0)
        assert writer(["x"]) == [[]]
        assert f"an answer of more than {chat.MOST_BYTES} bytes: 1" in reasons(writer, caplog)


def test_an_endpoint_that_is_down_gives_no_drafts(caplog):
    writer = writer_of(f"http://127.0.0.1:{free_port()}/v1", retries=1)
    assert writer(["x", "y"]) == [[], []]
    assert "no connection (ConnectionRefusedError): 2" in reasons(writer, caplog)


def test_what_does_not_speak_http_gives_no_drafts(caplog):
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def greet():
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")

        greeting = pool.submit(greet)
        writer = writer_of(f"http://127.0.0.1:{server.getsockname()[1]}/v1", retries=0)
        assert writer(["x"]) == [[]]
        greeting.result()
        assert "no connection (RemoteProtocolError): 1" in reasons(writer, caplog)


def test_two_requests_of_a_thread_share_a_connection():
    content, connections = said("Coal fell.")[1], []
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def serve():
            connections.append(server.accept()[0])
            for _ in range(2):
                request = b""
                while b'"seed": 0}' not in request:
                    request += connections[-1].recv(1 << 16)
                connections[-1].sendall(answer)

        serving_both = pool.submit(serve)
        client = chat.Chat(f"http://127.0.0.1:{server.getsockname()[1]}/v1", "small")
        assert [client.ask(prompt, 5.0).text for prompt in ("x", "y")] == ["Coal fell.", "Coal fell."]
        serving_both.result(5)
        connections[0].close()
        assert client.ask("z", 0.3).problem == "timed out", "a new connection, which nobody answers"


def test_headers_that_drip_for_ever_time_out():
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def drip():
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for number in range(500):
                    connection.sendall(b"X-%d: y\r\n" % number)
                    time.sleep(0.02)

        dripping = pool.submit(drip)
        client = chat.Chat(f"http://127.0.0.1:{server.getsockname()[1]}/v1", "small")
        began = time.monotonic()
        assert client.ask("x", 0.3).problem == "timed out" and time.monotonic() - began < 5
        dripping.result()


def test_no_proxy_of_the_environment_and_no_redirect_gets_a_request(monkeypatch):
    with serving(always((302, b"", {"Location": "http://127.0.0.1:9/v1"}))) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert chat.Chat(server.url, "small").ask("x", 5.0).problem == "HTTP 302"
        assert len(server.requests) == 1


def test_a_cookie_is_not_sent_back():
    with serving(always((500, b"", {"Set-Cookie": "who=me"}))) as server:
        client = chat.Chat(server.url, "small")
        client.ask("x", 5.0), client.ask("y", 5.0)
        assert len(server.requests) == 2 and not any("Cookie" in one["headers"] for one in server.requests)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate")
def test_a_certificate_that_nobody_signed_is_refused_before_the_key_is_sent(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=here".split()
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def shake():
            connection, _ = server.accept()
            with connection, suppress(OSError):
                return context.wrap_socket(connection, server_side=True).recv(100)

        shaken = pool.submit(shake)
        client = chat.Chat(f"https://127.0.0.1:{server.getsockname()[1]}/v1", "small", "sk-secret")
        assert client.ask("x", 5.0).problem == "no connection (SSLCertVerificationError)"
        assert not shaken.result()


def body(**message):
    return json.dumps({"choices": [{"message": message}]}).encode()


RUBBISH = {
    "not JSON": b"<html>Sign in</html>",
    "cut off": body(content="Arsenal won.")[:-9],
    "not UTF-8": b'{"choices": "\xff\xfe"}',
    "nested beyond reason": b"[" * 100_000,
    "no choices": b"{}",
    "a list": b"[]",
    "a number": b"3",
    "choices that are empty": b'{"choices": []}',
    "choices that are a text": b'{"choices": "abc"}',
    "no message": b'{"choices": [{}]}',
    "null": body(content=None),
    "a list of parts": body(content=[{"type": "text", "text": "x"}]),
    "nothing": body(content=""),
    "blanks": body(content=" \n\t "),
    "control characters alone": body(content="\x00\x1b\x7f\ud800"),
    "a text too long": body(content="word " * 1000),
    "an answer too long": body(content="Arsenal won.", padding="x" * (chat.MOST_BYTES + 1)),
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_is_no_draft_and_not_asked_for_again(kind, caplog):
    with serving(always((200, RUBBISH[kind], {}))) as server:
        writer = writer_of(server.url)
        assert writer(["x"]) == [[]] and len(server.requests) == 1
        assert "an answer" in reasons(writer, caplog) or "a text of more than 4000 characters" in caplog.text


@given(st.binary(max_size=300) | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode()))
def test_whatever_comes_back_is_read_without_an_error(content):
    assert parse(content).text == "" and parse(content).problem


# Python calls these unprintable, and yet a draft keeps them: two joiners that some scripts and emoji need, and marks
# that Arabic and Syriac write visibly round a number (U+0600 before one, U+06DD about the number of a verse).
KEPT = "\u200c\u200d" + "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"


@given(st.text(max_size=200))
@example(KEPT)
@example("\u0600")
def test_a_draft_is_one_line_that_can_be_printed_and_stored(text):
    draft = parse(json.dumps({"choices": [{"message": {"content": text}}]}).encode()).text
    others = [one for one in draft if one not in KEPT and unicodedata.category(one) not in ("Cn", "Zs")]
    assert all(one.isprintable() for one in others)
    assert draft.encode() is not None and "\n" not in draft


def test_a_draft_keeps_the_marks_that_arabic_writes_round_a_number():
    assert parse(body(content="\u0600 \u0661\u0662\u0663 صفحة")).text == "\u0600 \u0661\u0662\u0663 صفحة"


def test_control_characters_are_taken_out_of_a_draft():
    answer = body(content="\x1b[31mArsenal\u202e beat\x00 Chelsea\ud83d\n\n می\u200cشود")
    assert parse(answer).text == "[31mArsenal beat Chelsea می\u200cشود"


@pytest.mark.parametrize("usage", [None, 3, {}, {"total_tokens": "9"}, {"total_tokens": -5}, {"total_tokens": True}])
def test_tokens_that_are_not_told_are_not_believed(usage):
    answer = json.loads(body(content="Coal fell.")) | {"usage": usage}
    assert parse(json.dumps(answer).encode()).tokens is None


def test_a_connection_that_is_made_after_the_time_is_over_is_ended_at_once():
    ours, theirs = socket.socketpair()
    line = chat._Line(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    line.cut()
    line.trace("connection.connect_tcp.complete", {"return_value": SyncStream(ours)})
    theirs.settimeout(5)
    assert theirs.recv(1) == b""
    ours.close()
    theirs.close()
