"""Detect passwords in URLs, and mask them in text."""

import re
from urllib.parse import parse_qs, urlsplit

from fanzha.errors import InvalidConfiguration

# To the last @ of the word: a password that was not encoded may hold any of / ? # @.
_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s'\"]*@")
_QUERY = re.compile(r"([?&](?:password|passwd|pass|token|secret)=)[^\s&#'\"]+", re.IGNORECASE)
HIDDEN = "***"


def has_password(url: str) -> bool:
    """Return whether *url* has a password, before its host or in its query."""
    user, at, _ = url.partition("://")[2].rpartition("@")
    query = parse_qs(url.partition("?")[2])
    return bool(at and ":" in user) or "password" in query


def check(url: str) -> None:
    """Raise ValueError, without quoting *url*, where it cannot be parsed."""
    try:
        urlsplit(url).port  # noqa: B018 - reading it is the check
    except ValueError:
        # The message would quote what it takes for the port: perhaps of the password.
        raise InvalidConfiguration(
            "cannot be read; / ? # @ : in a password are written %2F %3F %23 %40 %3A"
        ) from None


def hidden(text: str) -> str:
    """Return *text* with the users and passwords of its URLs masked."""
    return _QUERY.sub(rf"\1{HIDDEN}", _USER.sub(rf"\1{HIDDEN}@", text))
