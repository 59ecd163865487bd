"""Headers of every answer, as the OWASP Secure Headers Project lists them, and the hosts that requests may name."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from broadsheet.service.serving.messages import Message

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; font-src 'self'; "
    "img-src 'self' data: https:; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""A page's styles, scripts and data come from the service alone; no inline script or style runs. Images may lie with
any publisher."""
_STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # Not no-referrer: with it browsers send `Origin: null` with our own forms, and csrf.py would refuse them.
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-permitted-cross-domain-policies", b"none"),
    (b"cache-control", b"no-store"),
]
"""An answer that has one of these headers already keeps its own: a route that a site embeds, or that may be cached."""
HTTPS = (b"strict-transport-security", b"max-age=31536000")
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(:[0-9]{1,5})?")


def add_headers(headers: list[tuple[bytes, bytes]], secure: bool, more: list[tuple[bytes, bytes]]) -> None:
    """Add to the headers of an answer what it has not; `more` is added in any case."""
    given = {name.lower() for name, _ in headers}
    headers.extend([each for each in HEADERS if each[0] not in given])
    headers.extend(more)
    if secure:
        headers.append(HTTPS)


def host_problem(scope: Message, public_url: str) -> str:
    """Return why the host that a request names is not accepted; empty if it is.

    With a public address, its host is accepted, and so are localhost and numeric addresses, by which proxies, probes
    and Prometheus ask: no foreign page can make a browser send them in place of a name of its own.
    """
    hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
    form = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if form is None:
        return "The request names no host, or not exactly one. Send one Host header."
    if public_url and form[1] != (urlsplit(public_url).hostname or "").lower() and not _is_direct(form[1]):
        return "The service does not answer for this host. Ask it by the address in public_url, section [service]."
    return ""


def policy_of(page: bytes) -> str:
    """Return the policy of a page that has its styles in itself: these very styles hold, by their hashes, and no other.

    The page is our own template, or the site's, in which every value is escaped: no value can bring a style along.
    """
    hashes = [base64.b64encode(hashlib.sha256(style).digest()).decode() for style in _STYLE.findall(page)]
    return POLICY.replace("style-src 'self'", " ".join(["style-src 'self'", *(f"'sha256-{one}'" for one in hashes)]))


@lru_cache(256)
def _is_direct(host: str) -> bool:
    try:
        return host == "localhost" or bool(ip_address(host.strip("[]")))
    except ValueError:
        return False
