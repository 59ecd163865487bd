"""Settings of the service that would let strangers in are refused."""

import pytest

from broadsheet.config.service import ServiceConfig
from broadsheet.errors import ConfigError


@pytest.mark.parametrize("url", ["", "https://news.example", "http://127.0.0.1:8000", "https://[::1]:8000/"])
def test_an_address_without_a_path_is_public(url):
    assert ServiceConfig(public_url=url).public_url == url


@pytest.mark.parametrize(
    "url", ["news.example", "ftp://a", "https://", "https://a/b", "https://a?b", "https://ann:secret@a", "https://a b"]
)
def test_anything_else_is_refused_and_no_password_is_repeated(url):
    with pytest.raises(ConfigError, match=r"public_url: found .*, expected an address without a path") as raised:
        ServiceConfig(public_url=url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("proxies", [["127.0.0.1"], ["10.0.0.0/8", "2001:db8::/32"], ["10.1.2.3/8"]])
def test_proxies_are_addresses_or_networks(proxies):
    assert ServiceConfig(trusted_proxies=proxies).trusted_proxies == proxies


@pytest.mark.parametrize("proxies", [["localhost"], ["*"], ["10.0.0.0/99"], [""]])
def test_a_proxy_that_is_no_address_is_refused(proxies):
    with pytest.raises(ConfigError, match=r"trusted_proxies: found .*, expected addresses or networks"):
        ServiceConfig(trusted_proxies=proxies)
