"""The settings of the live service, of the daily letter and of pushes."""

from dataclasses import field
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from broadsheet.config.section import Amount, AtLeastOne, SettingsError, section
from broadsheet.text import shortened, web_link, without_password


@section
class ServiceConfig:
    """The live service, `broadsheet serve`."""

    page_seconds: Amount = 60.0
    """Seconds for which a page that was made is sent again, unless its reader did something, an article was added or
    withdrawn, or a new edition came; 0 makes each page anew."""
    requests_a_minute: AtLeastOne = 600
    "Most requests of an address, a user or an API key in a minute; more are refused with status 429."
    most_body_bytes: Annotated[int, Field(ge=1_000, le=100_000_000)] = 2_000_000
    "Most bytes of a request's body; a longer body is refused with status 413."
    public_url: str = ""
    """The address under which readers reach the service, such as "https://news.example"; links of feeds and letters
    need it. With it, requests for other hosts are refused, and with https cookies go by https alone."""
    trusted_proxies: list[str] = field(default_factory=list)
    """Addresses of proxies whose X-Forwarded-For says who asks, such as "127.0.0.1" or "10.0.0.0/8"; of any other
    sender that header is ignored."""
    access_log: bool = False
    """Whether the service writes a line of JSON for each request on its error stream: route, status, time and the
    sender's network, and nothing that names a reader."""
    state: str = "service"
    """The folder of what the service itself keeps: API keys, users, sessions, the audit log, and the secret that signs
    cookies. Relative to the newsroom's folder; where that is shared read-only, a folder of each machine's own, such as
    "/var/lib/broadsheet/paper"."""
    embed_origins: list[str] = field(default_factory=list)
    """Origins of the sites whose pages may show stories by `/embed.js`, such as "https://www.example.org"."""

    def __post_init__(self) -> None:
        """Raise SettingsError for what is no address."""
        problems = {}
        if wrong := [each for each in self.trusted_proxies if not _is_network(each)]:
            problems["trusted_proxies"] = (
                f'found {shortened(repr(wrong[0]), 80)}, expected addresses or networks, such as "10.0.0.0/8"'
            )
        if not self.state.strip("./ ") or "\0" in self.state:
            problems["state"] = (
                f'found {shortened(repr(self.state), 80)}, expected a folder of its own, such as "service"'
            )
        if self.public_url and not _is_origin(self.public_url):
            problems["public_url"] = (
                f"found {shortened(repr(without_password(self.public_url)), 80)}, expected an address without a path, "
                'such as "https://news.example"'
            )
        if wrong := [each for each in self.embed_origins if not _is_origin(each)]:
            problems["embed_origins"] = (
                f'found {shortened(repr(wrong[0]), 80)}, expected origins, such as "https://www.example.org"'
            )
        if problems:
            raise SettingsError(problems)


Hour = Annotated[int, Field(ge=0, le=23)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('a time zone, such as "Europe/Dublin"') from None
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


@section
class LetterConfig:
    """The daily letter, `broadsheet letter`."""

    sender: str = ""
    'The mail address in From, such as "news@example.org"; a letter needs it.'
    stories: Annotated[int, Field(ge=1, le=50)] = 10
    "Most stories of a letter; a letter whose HTML would be longer than 100 KB has fewer."
    zone: Zone = "UTC"
    "The time zone in which a day begins: a reader gets one letter a day."
    smtp_user: str = ""
    "The name with which to sign in at the mail server; empty for no sign-in."
    smtp_password_file: str = ""
    "A file with the password on its first line, relative to the newsroom's folder; only its owner may read it."


@section
class PushConfig:
    """One story worth a push, `broadsheet push`."""

    threshold: Amount = 0.6
    """Least fused score of a story that is worth a push. What is high depends on the weights: the command prints the
    score of each story."""
    hours: Annotated[float, Field(ge=0.1, le=720)] = 12.0
    "Most hours since the story was published."
    most_a_day: Annotated[int, Field(ge=1, le=100)] = 1
    "Most pushes to a reader in a day."
    quiet_from: Hour = 22
    "The hour of the day from which nobody is pushed, 0 to 23."
    quiet_until: Hour = 7
    "The hour until which nobody is pushed; the same as quiet_from for no quiet hours."
    zone: Zone = "UTC"
    "The time zone of readers of whom no zone is given."


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_origin(text: str) -> bool:
    parts = urlsplit(text) if web_link(text) else None
    return parts is not None and text.rstrip("/") == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
