"""The settings of an OpenAI-compatible endpoint as the writer, and what may be wrong with its address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_SECONDS, MOST_RETRIES = 600.0, 10


@dataclass(frozen=True)
class EndpointConfig:
    """Settings of the endpoint where `writer` is the address of one; its key is in $BROADSHEET_API_KEY alone."""

    model: str = ""
    "The model's name there."
    timeout_seconds: float = 15.0
    "Most seconds that one try waits for an answer."
    retries: int = 2
    "Further tries after a timeout, a broken connection, a 429 or a 5xx."
    tokens: int = 2_000_000
    "Most tokens that a build spends, and again each process that serves its edition; 0 for any number."


def is_endpoint(writer: str) -> bool:
    """Whether a writer's name is an address, and no folder, hub name or asset."""
    return "://" in writer


def endpoint_problems(writer: str, endpoint: EndpointConfig, tokens: int = 0) -> list[str]:
    """Return what keeps the settings from being those of an endpoint; nothing where the writer is none.

    `tokens` is the budget of a writer that is none, which must not stand beside that of an endpoint.
    """
    if not is_endpoint(writer):
        return []
    problems = _address_problems(writer)
    if not endpoint.model.strip():
        problems.append(
            f"generate.endpoint.model: found none, expected the name that the model has at {writer!r}; set it in a "
            "section [generate.endpoint]"
        )
    if tokens:
        problems.append(
            f"generate.tokens: found {tokens}, expected 0 where the writer is an endpoint; set it in "
            "[generate.endpoint]"
        )
    for name, most in (("timeout_seconds", MOST_SECONDS), ("retries", MOST_RETRIES)):
        value = getattr(endpoint, name)
        if value > most:
            problems.append(f"generate.endpoint.{name}: found {value}, expected at most {most}")
    return problems


def _address_problems(writer: str) -> list[str]:
    expected = "expected an address such as https://host/v1"
    if "@" in writer:  # a password, maybe, which this message must not repeat
        return [f"generate.writer: found an address with an @, {expected}; a key goes into $BROADSHEET_API_KEY"]
    try:
        parts = urlsplit(writer)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return [f"generate.writer: found {writer!r} ({error}), {expected}"]
    wrong = ""
    if parts.scheme not in ("http", "https"):
        wrong = f"the scheme {parts.scheme!r}"
    elif not host or port == 0:
        wrong = "no host, or port 0"
    elif parts.query or parts.fragment or not all("!" <= character <= "~" for character in writer):
        wrong = "a query, a blank or a character beyond ASCII"
    return [f"generate.writer: found {writer!r} with {wrong}, {expected}"] if wrong else []
