"""Passwords in URLs: found, so that they can be refused, and hidden where a text may hold some."""

import re
from urllib.parse import parse_qs, urlsplit

# To the last @ of the word: a password that was not encoded may hold any of / ? # @.
_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s'\"]*@")
_QUERY = re.compile(r"([?&](?:password|passwd|pass|token|secret)=)[^\s&#'\"]+", re.IGNORECASE)
HIDDEN = "***"


def has_password(url: str) -> bool:
    """Tell whether *url* holds a password, before the host or in its query."""
    user, at, _ = url.partition("://")[2].rpartition("@")
    asked = parse_qs(url.partition("?")[2])
    return bool(at and ":" in user) or "password" in asked


def check(url: str) -> None:
    """Raise ValueError, without quoting *url*, where its parts cannot be told apart."""
    try:
        urlsplit(url).port  # noqa: B018 - reading it is the check
    except ValueError:
        # The message would quote what it takes for the port: perhaps of the password.
        raise ValueError(
            "cannot be read; / ? # @ : in a password are written %2F %3F %23 %40 %3A"
        ) from None


def hidden(text: str) -> str:
    """Return *text* without users and passwords of the URLs in it."""
    return _QUERY.sub(rf"\1{HIDDEN}", _USER.sub(rf"\1{HIDDEN}@", text))
