"""What the guard does with every request: length of its body, bucket of its sender, host, headers and access log."""

import asyncio
import json
import logging

import pytest

from broadsheet.service.security.guarding import access_log, bodies
from broadsheet.service.security.guarding.headers import HEADERS


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_long_is_refused(opening, chunked):
    site = opening(most_body_bytes=1000)

    def send(size):
        return site.browser().post("/echo", content=iter([b"x" * 100] * (size // 100)) if chunked else b"x" * size)

    assert send(1000).json()["bytes"] == 1000
    refused = send(1100)
    assert refused.status_code == 413 and refused.json()["detail"].startswith("The body has more than 1,000 bytes")
    assert refused.headers["connection"] == "close" and refused.headers["x-content-type-options"] == "nosniff"


def test_a_form_that_is_too_long_is_refused_before_it_is_read(opening):
    site = opening(most_body_bytes=1000)
    assert site.browser().post("/login", data={"name": "a", "password": "b" * 2000}).status_code == 413


def test_a_body_that_comes_too_slowly_is_refused(site, monkeypatch):
    monkeypatch.setattr(bodies.Body.__init__, "__defaults__", (0.0,))
    refused = site.browser().post("/echo", content=b"x")
    assert refused.status_code == 408 and refused.json()["title"] == "Request Timeout"


def test_a_compressed_body_and_a_length_that_is_none_are_refused(site):
    assert site.browser().post("/echo", content=b"x", headers={"content-encoding": "gzip"}).status_code == 415
    assert site.browser().post("/echo", content=b"x", headers={"content-encoding": "identity"}).status_code == 200
    assert site.browser().post("/echo", headers={"content-length": "-1"}).status_code == 400


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("multipart/form-data; boundary=x; charset=punycode", 415),
        ('Multipart/Form-Data; boundary=x; CHARSET="unicode_escape"', 415),
        ("multipart/form-data; boundary=x; charset=UTF-8", 401),
        ("multipart/form-data; boundary=x", 401),
    ],
)
def test_a_form_is_read_as_utf8_alone(site, kind, status):
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nann\r\n' for name in ("name", "password")]
    answer = site.browser().post("/login", content="".join([*parts, "--x--\r\n"]), headers={"content-type": kind})
    assert answer.status_code == status


def test_a_forged_x_forwarded_for_gets_no_bucket_of_its_own(opening):
    site = opening(requests_a_minute=3)
    answers = [
        site.browser().get("/page", headers={"x-forwarded-for": f"203.0.113.{number}"}).status_code
        for number in range(4)
    ]
    assert answers == [200, 200, 200, 429]
    assert site.browser("192.0.2.2").get("/page").status_code == 200


def test_behind_a_trusted_proxy_each_sender_has_a_bucket(opening):
    site = opening(requests_a_minute=1, trusted_proxies=["192.0.2.1"])

    def send(sender):
        return site.browser().get("/page", headers={"x-forwarded-for": sender}).status_code

    assert [send("203.0.113.1"), send("203.0.113.2"), send("203.0.113.2")] == [200, 200, 429]
    assert send("198.51.100.1, 203.0.113.2") == 429  # what the sender wrote itself counts for nothing


def test_a_key_has_a_bucket_of_its_own_and_is_told_of_it(opening):
    site = opening(requests_a_minute=2)
    server = site.with_key("articles")
    assert site.browser().get("/page").status_code == 200
    answers = [server.get("/v1/articles") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit"] == '"requests";r=1;t=30' and answers[2].headers["retry-after"] == "30"


def test_every_answer_has_the_headers_unless_the_route_has_its_own(site):
    for path in ("/page", "/login", "/nowhere", "/login.css"):
        headers = site.browser().get(path).headers
        for name, value in HEADERS:
            if name != b"cache-control":
                assert headers[name.decode()] == value.decode()
        assert "server" not in headers and "strict-transport-security" not in headers
    assert site.browser().get("/login.css").headers["cache-control"] == "public, max-age=3600"
    assert site.browser().get("/page").headers["cache-control"] == "no-store"
    own = site.browser().get("/embedded").headers
    assert own["cross-origin-resource-policy"] == "cross-origin" and own["x-frame-options"] == "DENY"


def test_with_https_browsers_are_told_to_stay_with_it(opening):
    site = opening(public_url="https://news.example")
    assert site.browser(base="https://news.example").get("/page").headers["strict-transport-security"]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "news.example.evil", "news.example@evil", "", "a b", "news.example:x", "[news]", "1.2.3.4.5"],
)
def test_another_host_is_refused(opening, host):
    site = opening(public_url="https://news.example")
    refused = site.browser(host=host).get("/page")
    assert refused.status_code == 400 and refused.json()["title"] == "Bad Request"


@pytest.mark.parametrize(
    "host", ["news.example", "NEWS.example:443", "127.0.0.1:8000", "[::1]:8000", "localhost", "10.1.2.3"]
)
def test_the_public_host_and_this_machine_are_answered(opening, host):
    assert opening(public_url="https://news.example").browser(host=host).get("/page").status_code == 200


@pytest.mark.parametrize(
    "path", ["/..%2f..%2fetc/passwd", "/login.css/../../secret", "/%2e%2e/secret", "/login.css%00"]
)
def test_no_path_leads_out_of_the_service(site, path):
    assert site.browser().get(path).status_code in (404, 405)


def test_the_access_log_has_lines_that_no_caller_wrote(opening, caplog):
    site = opening(access_log=True)
    with caplog.at_level(logging.INFO, access_log.log.name):
        site.browser("203.0.113.77").get("/page?token=SECRET", headers={"cookie": "a=SECRET"})
        site.browser("203.0.113.77").get("/%0a%0dforged%1b[2J")
        site.with_key("articles", name="site").get("/v1/articles")
        site.browser("203.0.113.77").request("FORGED\u0020LINE", "/page")
    lines = [json.loads(record.message) for record in caplog.records]
    assert [line["route"] for line in lines] == ["/page", "", "/v1/articles", "/page"]
    assert [line["status"] for line in lines] == [200, 404, 200, 405]
    assert [line["caller"] for line in lines] == ["nobody", "nobody", "key site", "nobody"]
    assert {line["network"] for line in lines} == {"203.0.113.0/24", "192.0.2.0/24"} and lines[3]["method"] == "other"
    said = caplog.text
    assert not any(word in said for word in ("SECRET", "forged", "203.0.113.77", "Bearer"))


def test_without_the_setting_no_request_is_logged(site, caplog):
    with caplog.at_level(logging.INFO, access_log.log.name):
        site.browser().get("/page")
    assert not [record for record in caplog.records if record.name == access_log.log.name]


@pytest.mark.parametrize(("words", "failures"), [("<closed=True>; the handler is closed", 0), ("another failure", 1)])
def test_a_caller_who_closed_the_connection_is_no_failure(site, words, failures):
    async def send(_):
        raise RuntimeError(f"unable to perform operation on {words}")

    async def ask():
        about = {"type": "http", "method": "GET", "path": "/login.css", "query_string": b"", "scheme": "http"}
        scope = about | {"headers": [(b"host", b"testserver")], "client": ("192.0.2.1", 1)}
        found = await asyncio.gather(site.app(scope, None, send), return_exceptions=True)
        return sum(isinstance(one, RuntimeError) for one in found)

    assert asyncio.run(ask()) == failures
