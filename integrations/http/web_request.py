"""A request as a gateway reports it, and the URL that it is for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_URL_CHARACTERS = 8192
"""The service reads 8 KiB of a URL; a gateway's request line may be longer."""

HOST_FACTS = "domain_age_days", "first_seen_days", "popularity_rank"
"""What a gateway may know of a link's domain: from its resolver's log, RDAP, a ranking it loads."""

_MOST = 2**32 - 1
_FACTS_CHARACTERS = 200
_FACT = re.compile(rf"\s*({'|'.join(HOST_FACTS)})=([0-9]{{1,10}})\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRequest:
    """One request; *target* is a path with its query, an absolute URL, or an authority."""

    method: str
    scheme: str
    host: str
    target: str
    headers: Mapping[str, str]
    """By lower-case name."""

    @property
    def url(self) -> str:
        """Absolute URL (RFC 9112, section 3.2); of CONNECT the host only, the rest is encrypted."""
        if self.method.upper() == "CONNECT":
            return f"https://{self.target or self.host}/"[:MAX_URL_CHARACTERS]
        if "://" in self.target.partition("?")[0]:
            return self.target[:MAX_URL_CHARACTERS]
        path = self.target if self.target.startswith("/") else f"/{self.target}"
        return f"{self.scheme or 'http'}://{self.host}{path}"[:MAX_URL_CHARACTERS]

    @property
    def is_page_load(self) -> bool:
        """Whether a person looks at the answer: only then a redirect to a page makes sense."""
        if self.method.upper() not in {"GET", "HEAD"}:
            return False
        mode = self.headers.get("sec-fetch-mode", "navigate")
        return mode == "navigate" and "text/html" in self.headers.get("accept", "text/html")

    def subscriber(self, header: str) -> str:
        """Return the subscriber that the gateway names in *header*; empty without one."""
        return self.headers.get(header, "") if header else ""

    def host_facts(self, header: str) -> Mapping[str, int]:
        """Return what the gateway tells of the domain in *header*, by field of a link.

        The header is a dictionary as HTTP writes them (RFC 8941): ``domain_age_days=12,
        popularity_rank=350``. What cannot be read counts as unknown: a wrong header must neither
        block nor fail a request. Of a fact told twice the last counts.
        """
        written = self.headers.get(header, "") if header else ""
        found = map(_FACT.fullmatch, written[:_FACTS_CHARACTERS].split(","))
        facts = {match[1]: int(match[2]) for match in found if match}
        return {name: value for name, value in facts.items() if value <= _MOST}
