"""Where those whose traffic was blocked turn to: the contacts that answers carry."""

import re
from dataclasses import dataclass

from fanzha.errors import InvalidConfiguration
from services.settings.protocol_answer import REDRESS_EMAIL, REDRESS_TEL, REDRESS_URL

_PATTERNS = {
    "url": re.compile(REDRESS_URL),
    "tel": re.compile(REDRESS_TEL),
    "email": re.compile(REDRESS_EMAIL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Redress:
    """Contacts for redress; empty where there is none.

    None of their characters means anything within a quoted string or angle brackets of SIP.
    """

    url: str = ""
    """Public, by HTTPS."""
    tel: str = ""
    """E.164, with the plus sign."""
    email: str = ""

    def __post_init__(self) -> None:
        for name, value in self.contacts():
            if not _PATTERNS[name].fullmatch(value):
                raise InvalidConfiguration(
                    "redress_{name}: {value!r} is no {name} that fits into a header",
                    name=name,
                    value=value,
                )

    def contacts(self) -> list[tuple[str, str]]:
        """Return names and values of the contacts that are set."""
        values = {"url": self.url, "tel": self.tel, "email": self.email}
        return [(name, value) for name, value in values.items() if value]
