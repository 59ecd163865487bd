"""The settings of the live service."""

from dataclasses import field
from typing import Annotated

from pydantic import Field

from broadsheet.config.section import Amount, AtLeastOne, section


@section
class ServiceConfig:
    """The live service, `broadsheet serve`."""

    page_seconds: Amount = 60.0
    """Seconds for which a page that was made is sent again, unless its reader did something, an article was added or
    withdrawn, or a new edition came; 0 makes each page anew."""
    requests_a_minute: AtLeastOne = 600
    "Most requests of an address or an API key in a minute, counted by each worker; more are refused with status 429."
    most_body_bytes: Annotated[int, Field(ge=1_000, le=100_000_000)] = 2_000_000
    "Most bytes of a request's body; a longer body is refused with status 413."
    public_url: str = ""
    """The address under which readers reach the service, such as "https://news.example"; links of feeds and letters
    need it."""
    trusted_proxies: list[str] = field(default_factory=list)
    "Addresses of proxies whose X-Forwarded-For says who asks; of any other sender that header is ignored."
