import time

import pytest
from itsdangerous import TimestampSigner

from broadsheet.readers.forgotten import ForgottenReaders
from broadsheet.service.web.letters import PURPOSE


@pytest.fixture(scope="module")
def secret(app, client):
    return app.state.security.secret


def stopped(service):
    return {row[0] for row in service.state.rows("SELECT user_id FROM stopped_letters")}


def test_the_link_of_a_letter_asks_and_its_button_stops_the_letters(client, service, secret):
    token = secret.sign(PURPOSE, "maya")
    asked = client.get(f"/letters/{token}")
    assert asked.status_code == 200 and f'action="/letters/{token}"' in asked.text and not stopped(service)
    for _ in range(2):  # a mail client may send it twice
        done = client.post(f"/letters/{token}", data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200 and stopped(service) == {"maya"}


@pytest.mark.parametrize("forged", ["x", "maya", "x" * 3000, "a.b.c"])
def test_a_forged_link_stops_nothing(client, service, forged):
    before = stopped(service)
    assert client.get(f"/letters/{forged}").status_code == client.post(f"/letters/{forged}").status_code == 404
    assert stopped(service) == before


def test_a_token_of_another_purpose_stops_nothing(client, service, secret):
    assert client.post(f"/letters/{secret.sign('reader', 'tom')}").status_code == 404
    assert "tom" not in stopped(service)


def test_the_link_of_a_letter_from_before_its_reader_was_forgotten_writes_nothing_down(
    client, service, secret, monkeypatch
):
    with monkeypatch.context() as earlier:
        earlier.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - 5)
        token = secret.sign(PURPOSE, "gone")
    assert client.get(f"/letters/{token}").status_code == 200
    ForgottenReaders(service.newsroom).add("gone", [])
    assert client.post(f"/letters/{token}").status_code == 404
    assert "gone" not in stopped(service)
