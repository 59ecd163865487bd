import pytest

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
