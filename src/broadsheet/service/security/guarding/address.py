"""From which address a request comes: that of the socket, unless a trusted proxy says whose request it passes on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from broadsheet.service.serving.messages import Message


class Addresses:
    """Finds the address and the scheme of requests."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        self._trusted = tuple(ip_network(each, strict=False) for each in trusted_proxies)
        self._is_trusted = lru_cache(4096)(self._looked_up)

    def of(self, scope: Message) -> tuple[str, bool]:
        """Return the address of the browser or server that asks, and whether it asked a proxy by https.

        X-Forwarded-For is read from its end, as far as the addresses are those of trusted proxies: whatever stands
        before the first other address was written by whoever sent the request.
        """
        address = (scope.get("client") or ("",))[0]
        if not self._trusted or not self._is_trusted(address):
            return address, False
        values: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            if name in (b"x-forwarded-for", b"x-forwarded-proto"):
                values.setdefault(name, []).extend(value.decode("latin-1").split(","))
        for hop in reversed(values.get(b"x-forwarded-for", [])):
            if _parsed(hop.strip()) is None:
                break
            address = hop.strip()
            if not self._is_trusted(address):
                break
        return address, values.get(b"x-forwarded-proto", [""])[-1].strip().lower() == "https"

    def _looked_up(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._trusted)


@lru_cache(4096)
def neighbours(address: str) -> str:
    """Return the addresses that one sender is likely to have: an IPv4 address, or the /64 of an IPv6 address."""
    parsed = _parsed(address)
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address


@lru_cache(4096)
def shortened_address(address: str) -> str:
    """Return the network of an address, which names no person: /24 of IPv4, /48 of IPv6."""
    parsed = _parsed(address)
    if parsed is None:
        return ""
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed
