"""Parties written as URIs or SIP header values: the numbers in them, as one would dial them.

Read are tel URIs (RFC 3966), the user of sip and sips URIs (RFC 3261, 19.1), the URIs that name a
receiver of texts (RFC 5724), name-addr forms such as ``"Bank" <tel:+15550100>;tag=1``, and lists
of them such as a P-Asserted-Identity with two values (RFC 3325, 9.1), of which the tel URI goes
first. A display name is never read: its writer is free to choose it. The scheme may be missing
in ``"Bank" <17000000001>``, in ``17000000001;npdi``, and in ``+15550100@ims.example``; digits
without a plus before an @ may as well be an account of mail.

Time is linear in the length; nothing here raises.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

MAX_CHARACTERS = 1024
"""Longer texts are no address; header fields of SIP are shorter."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_ANY_FULL_WIDTH = re.compile("[\uff01-\uff5e]")
_SEPARATORS = re.compile(
    r"[\s().\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u2069\u2212\ufeff-]+"
)
"""Visual separators (RFC 3966, 5.1.1), the dashes that word processors put in their place, and the
invisible marks that come along when a number is copied from a contact."""

_COLON = re.compile("[:：]")
_TEL_SCHEME = "tel|sms|smsto|mms|mmsto|callto"
_SCHEME = re.compile(rf"\s*(?:(?P<tel>{_TEL_SCHEME})|sips?):(?://)?", re.IGNORECASE)
_URI_IN_VALUE = re.compile(rf"(?:\A|<)\s*(?:{_TEL_SCHEME}|sips?):", re.IGNORECASE)
_QUOTED = r'"(?:[^"\\]++|\\.)*+"'
_VALUE = re.compile(
    rf"""
    \s*+
    (?:
        (?:{_QUOTED}\s*+ | [^<>",]*+) <(?P<inside>[^<>]*+)> (?:[^",]++|{_QUOTED})*+
      | (?P<bare>[^<>",]++)
    )
    (?:,|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_CONTEXT = re.compile(r";phone-context=([^;]*+)", re.IGNORECASE)
_IS_PHONE = re.compile(r";user=phone(?![^;?])", re.IGNORECASE)
_NO_IDENTITY = re.compile(r"([a-z]{1,32}+)@(?:[^@;?]+\.)?invalid(?:[;?:>]|\Z)", re.IGNORECASE)


class DialledNumber(NamedTuple):
    """A number as an address has it."""

    digits: str
    """Without separators; beginning with a plus where it is global."""
    context: str
    """The leading digits of the global numbers among which a local one counts, with their plus;
    empty where the address does not say."""


def bare(text: str) -> str:
    """Return *text* without visual separators, full-width characters as their ASCII forms."""
    return _SEPARATORS.sub("", narrow(text))


def narrow(text: str) -> str:
    """Replace full-width letters, digits and signs by their ASCII forms."""
    return text.translate(_FULL_WIDTH) if _ANY_FULL_WIDTH.search(text) else text


def is_uri(text: str) -> bool:
    """Return whether *text* is written as a tel, sip or sms URI, alone or in a header value."""
    return _URI_IN_VALUE.search(narrow(text)) is not None if _COLON.search(text) else False


def numbers(text: str) -> Iterator[DialledNumber]:
    """Yield what may be a number in an address, the likeliest first; nothing in other texts."""
    if len(text) > MAX_CHARACTERS:
        return
    addresses = _addresses(narrow(text))
    # Of a list, the tel URI is the number; the user of a SIP URI may be an account.
    for address in sorted(addresses, key=_is_no_tel):
        found = _number(address)
        if found is not None:
            yield found


def name(text: str) -> str:
    """Return who a URI names that hides its number, such as ``anonymous``; empty for others.

    Such URIs have a host below ``invalid`` (RFC 3323, 4.1.1.3).
    """
    for address in _addresses(narrow(text[:MAX_CHARACTERS])):
        scheme = _SCHEME.match(address)
        found = _NO_IDENTITY.match(address, scheme.end() if scheme else 0)
        if found is not None:
            return found[1]
    return ""


def _addresses(text: str) -> list[str]:
    """Return the addresses of a header value; none where it is malformed."""
    found, at = [], 0
    while at < len(text):
        value = _VALUE.match(text, at)
        if value is None:
            return []
        found.append((value["bare"] if value["inside"] is None else value["inside"]).strip())
        at = value.end()
    return found


def _is_no_tel(address: str) -> bool:
    scheme = _SCHEME.match(address)
    return scheme is None or scheme["tel"] is None


def _number(address: str) -> DialledNumber | None:
    scheme = _SCHEME.match(address)
    rest = address[scheme.end() :] if scheme else address
    user, at, host = rest.partition("@")
    # In the user of a SIP URI a colon begins a password; behind a number, a question mark headers.
    subscriber = user.partition(":")[0] if at else user.partition("?")[0]
    certain = bool(scheme) if at else not scheme or scheme["tel"] is not None
    if not certain and not _is_global(subscriber) and not _IS_PHONE.search(host):
        return None  # an account or a host
    number, _, _parameters = subscriber.partition(";")
    context = _CONTEXT.search(subscriber)
    prefix = bare(unquote(context[1])) if context else ""
    return DialledNumber(bare(unquote(number)), prefix if prefix.startswith("+") else "")


def _is_global(subscriber: str) -> bool:
    return unquote(subscriber[:3]).startswith("+")
