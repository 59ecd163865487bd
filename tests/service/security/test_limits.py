"""Buckets of tokens, and from which address a request comes."""

import pytest

from broadsheet.service.security.guarding import limits
from broadsheet.service.security.guarding.address import Addresses, neighbours, shortened_address
from broadsheet.service.security.guarding.limits import Limits


def test_a_bucket_empties_and_fills_steadily():
    now = [0.0]
    bucket = Limits(60, lambda: now[0])
    assert [bucket.take("a").wait for _ in range(60)] == [0.0] * 60
    assert bucket.take("a") == (0, 1.0)
    now[0] = 0.75
    assert bucket.take("a") == (0, 0.25)
    now[0] = 1.0
    assert bucket.take("a") == (0, 0.0)
    now[0] = 1000.0
    assert bucket.take("a") == (59, 0.0)  # never more than a minute's


def test_callers_have_buckets_of_their_own_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(limits, "REMEMBERED", 10)
    bucket = Limits(1, lambda: 0.0)
    assert not any(bucket.take(f"address {number}").wait for number in range(100))
    assert bucket.take("address 99").wait and len(bucket._buckets) == 10


def test_a_caller_is_told_its_limit_and_how_long_to_wait():
    bucket = Limits(2, lambda: 0.0)
    assert (b"ratelimit", b'"requests";r=1;t=30') in bucket.headers(bucket.take("a"))
    bucket.take("a")
    told = dict(bucket.headers(bucket.take("a")))
    assert told == {
        b"ratelimit-policy": b'"requests";q=2;w=60',
        b"ratelimit": b'"requests";r=0;t=30',
        b"retry-after": b"30",
    }


def scope(client, *forwarded, proto=()):
    headers = [(b"x-forwarded-for", each.encode("latin-1")) for each in forwarded]
    headers += [(b"x-forwarded-proto", each.encode()) for each in proto]
    return {"client": (client, 1), "headers": headers}


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("192.0.2.1", ["203.0.113.7"], "192.0.2.1"),  # not from a trusted proxy
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),  # the first was sent along
        ("10.0.0.1", ["198.51.100.1", "203.0.113.7, 10.2.3.4"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["10.9.9.9"], "10.9.9.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("10.0.0.1", ["\xe4\x00"], "10.0.0.1"),
    ],
)
def test_x_forwarded_for_counts_as_far_as_trusted_proxies_wrote_it(client, forwarded, address):
    assert Addresses(["10.0.0.0/8"]).of(scope(client, *forwarded))[0] == address


def test_the_scheme_is_taken_from_a_trusted_proxy_alone():
    addresses = Addresses(["10.0.0.1"])
    assert addresses.of(scope("10.0.0.1", proto=["https"]))[1]
    assert not addresses.of(scope("10.0.0.1", proto=["https", "http"]))[1]
    assert not addresses.of(scope("10.0.0.2", proto=["https"]))[1]
    assert not Addresses([]).of(scope("10.0.0.1", proto=["https"]))[1]


def test_addresses_of_one_sender_are_one_and_a_log_has_networks():
    assert neighbours("2001:db8::1") == neighbours("2001:db8::2") != neighbours("2001:db8:0:1::1")
    assert neighbours("192.0.2.1") != neighbours("192.0.2.2")
    assert shortened_address("192.0.2.77") == "192.0.2.0/24"
    assert shortened_address("2001:db8:1:2::1") == "2001:db8:1::/48"
    assert shortened_address("a\nb") == ""
