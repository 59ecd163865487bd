import re
import smtplib
import socket
from email import message_from_bytes
from email.policy import default

import pytest

from broadsheet.errors import ConfigError, InputError, NewsroomError
from broadsheet.letters.addresses import Contact, read_contacts
from broadsheet.letters.delivery import Files, NotSentError, PerhapsSentError, Smtp
from broadsheet.letters.letters import send_letters
from broadsheet.letters.run import run_letters
from broadsheet.letters.sent import Sent
from tests.letters.conftest import NOW, SENDER


class Taken:
    """Takes letters, or refuses those of some readers."""

    def __init__(self, refused=()):
        self.letters, self.refused = {}, refused

    def __call__(self, user_id, message):
        if user_id in self.refused:
            raise NotSentError("the server refused with code 451")
        self.letters[user_id] = message


def contacts_of(readers):
    return {user_id: Contact(f"r{number}@example.org", "") for number, user_id in enumerate(readers)}


def send(pipeline, readers, sent, deliver, now=NOW):
    contacts = contacts_of(readers)
    return send_letters(
        pipeline, readers, contacts, sent, deliver, sender=SENDER, sign=lambda user_id: "token", now=now
    )


def test_a_reader_gets_one_letter_a_day_whatever_process_sends_it(pipeline, readers, sent):
    first, second, third = Taken(), Taken(), Taken()
    assert send(pipeline, readers, sent, first).sent == 3 and len(first.letters) == 3
    report = send(pipeline, readers, Sent(sent._state), second)
    assert (report.sent, report.again, second.letters) == (0, 3, {})
    assert send(pipeline, readers, sent, third, NOW.replace(day=2)).sent == 3


def test_a_letter_that_the_server_refused_is_sent_by_the_next_call(pipeline, readers, sent):
    report = send(pipeline, readers, sent, Taken(refused=readers[:1]))
    assert (report.sent, report.failed) == (2, ["the server refused with code 451"])
    after = Taken()
    assert send(pipeline, readers, sent, after).sent == 1 and list(after.letters) == readers[:1]


def test_a_call_that_was_killed_while_it_sent_sends_no_letter_twice(pipeline, readers, sent):
    class Killed(Taken):
        def __call__(self, user_id, message):
            super().__call__(user_id, message)
            raise KeyboardInterrupt

    killed, after = Killed(), Taken()
    with pytest.raises(KeyboardInterrupt):
        send(pipeline, readers, sent, killed)
    send(pipeline, readers, sent, after)
    assert [*killed.letters] == readers[:1] and [*after.letters] == readers[1:]


def test_a_letter_that_perhaps_arrived_is_not_sent_again_and_the_others_are_sent(pipeline, readers, sent):
    class Broken(Taken):
        def __call__(self, user_id, message):
            if user_id == readers[0]:
                raise PerhapsSentError("the connection broke")
            super().__call__(user_id, message)

    report, after = send(pipeline, readers, sent, Broken()), Taken()
    assert (report.sent, report.unknown) == (2, ["the connection broke"])
    assert str(report).endswith("not taken: 0, perhaps taken: 1; 1 x the connection broke")
    assert send(pipeline, readers, sent, after).again == 3 and not after.letters


def test_who_stopped_the_letters_or_has_no_address_gets_none(pipeline, readers, sent):
    with sent._state.change() as database:
        database.execute("INSERT INTO stopped_letters VALUES (?, 0)", (readers[0],))
    taken = Taken()
    contacts = {**contacts_of(readers), readers[1]: Contact("", "")}
    report = send_letters(pipeline, readers, contacts, sent, taken, sender=SENDER, sign=lambda user_id: "", now=NOW)
    assert (report.sent, report.stopped, report.without_address) == (1, 1, 1)
    assert "List-Unsubscribe" not in taken.letters[readers[2]]


def test_files_are_named_by_no_reader_and_written_whole(pipeline, readers, sent, tmp_path):
    send(pipeline, ["../../" + readers[0], readers[0]], sent, Files(tmp_path / "out"))
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == 2 and all(re.fullmatch(r"[0-9a-f]{16}\.eml", file.name) for file in files)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user_id\nmaya\n", "columns user_id and address or zone"),
        ("user_id,address\nmaya,no address\n", "line 2: found no mail address"),
        ("user_id,address\nmaya,a@b.org\r\nmaya,a@b.org\n", "line 3: found a reader who stands there already"),
        ("user_id,zone\nmaya,Nowhere/Town\n", "line 2: found zone 'Nowhere/Town'"),
        ("user_id,zone\nmaya,../../etc/passwd\n", "found zone"),
        ("user_id,address\n,a@b.org\n", "line 2"),
    ],
)
def test_a_wrong_file_of_addresses_names_its_line(tmp_path, text, said):
    file = tmp_path / "readers.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match=re.escape(said)):
        read_contacts(file)


@pytest.mark.parametrize("server", ["nowhere", "host:", ":25", "host:0", "host:65536", "host:x"])
def test_a_mail_server_has_a_host_and_a_port(server):
    with pytest.raises(InputError, match="HOST:PORT"):
        Smtp(server)


def test_a_letter_needs_a_sender_and_one_way_out(room, tmp_path):
    file = tmp_path / "readers.csv"
    file.write_text("user_id,address\nmaya,a@b.org\n", "utf-8")
    for out, smtp in ((None, None), (tmp_path, "localhost:25")):
        with pytest.raises(InputError, match="one of them"):
            run_letters(room.path, file, None, out, smtp)
    settings = room.config_file.read_text("utf-8")
    room.config_file.write_text(settings.replace('sender = "news@example.org"', 'sender = ""'), "utf-8")
    try:
        with pytest.raises(ConfigError, match="sender"):
            run_letters(room.path, file, None, tmp_path, None)
    finally:
        room.config_file.write_text(settings, "utf-8")


@pytest.fixture(scope="module")
def server():
    """A mail server on this machine that keeps what it takes."""
    controller = pytest.importorskip("aiosmtpd.controller")

    class Kept:
        def __init__(self):
            self.letters = []

        async def handle_DATA(self, server, session, envelope):
            if envelope.rcpt_tos == ["r1@example.org"]:
                return "451 later"
            if envelope.rcpt_tos == ["broken@example.org"]:
                session.loop.call_soon(server.transport.abort)
                return "250 taken"
            self.letters.append(envelope)
            return "250 taken"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = controller.Controller(Kept(), hostname="127.0.0.1", port=port)
    found.start()
    yield found
    found.stop()


def test_letters_reach_a_mail_server_and_a_refused_letter_leaves_the_others_alone(pipeline, readers, sent, server):
    host, port = server.server.sockets[0].getsockname()[:2]
    with Smtp(f"{host}:{port}") as deliver:
        report = send(pipeline, readers, sent, deliver)
    assert report.sent == 2 and report.failed == [f"{host}:{port}: the server refused with code 451."]
    taken = server.handler.letters
    assert [one.rcpt_tos for one in taken] == [["r0@example.org"], ["r2@example.org"]]
    read = message_from_bytes(taken[0].content, policy=default)
    assert read.get_body(("html",)) and read.get_body(("plain",)) and read["From"].addresses[0].domain == "example.org"


def test_after_a_connection_that_broke_the_next_letter_has_another(pipeline, readers, sent, server):
    host, port = server.server.sockets[0].getsockname()[:2]
    contacts = {**contacts_of(readers), readers[0]: Contact("broken@example.org", "")}
    with Smtp(f"{host}:{port}") as deliver:
        report = send_letters(
            pipeline, [readers[0], readers[2]], contacts, sent, deliver, sender=SENDER, sign=lambda user_id: "", now=NOW
        )
    assert report.sent == 1 and len(report.unknown) == 1 and server.handler.letters[-1].rcpt_tos == ["r2@example.org"]


def test_a_server_that_is_not_there_is_one_clear_error():
    with pytest.raises(NewsroomError, match="Nothing was sent"), Smtp("127.0.0.1:1"):
        pass


def test_a_server_elsewhere_without_starttls_gets_no_letters(monkeypatch):
    class Plain:
        def __init__(self, host, port, timeout):
            self.closed = False

        def ehlo(self):
            pass

        def has_extn(self, name):
            return False

        def close(self):
            self.closed = True

    monkeypatch.setattr(smtplib, "SMTP", Plain)
    with pytest.raises(NewsroomError, match="no STARTTLS"), Smtp("mail.example.org:25"):
        pass
