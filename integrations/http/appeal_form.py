"""Forms of appeals: a token that proves we gave the form out, and a bound on how many come in.

The token is an HMAC (RFC 2104) over the decision id and the time. There is no session, so the page
sets no cookie and needs no store; a token is good for an hour, on the process that gave it out.
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from time import time
from urllib.parse import parse_qs

MAX_FORM_BYTES = 16_384
_TOKEN_SECONDS = 3600
_HOUR = 3600.0
_MOST_ADDRESSES = 65_536
_MOST_FIELDS = 8
_MOST_DIGITS = 20
_BOUNDS = {"appellant": 200, "contact": 200, "grounds": 4000}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealForm:
    """What a person handed in."""

    decision_id: int
    appellant: str
    contact: str
    grounds: str


class FormTokens:
    """Gives out tokens and checks them."""

    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock

    def make(self, decision_id: int) -> str:
        """Return the token of a form for a decision."""
        issued = int(self._clock())
        return f"{issued}.{self._signature(decision_id, issued)}"

    def is_good(self, token: str, decision_id: int) -> bool:
        """Return whether it is one of ours for this decision, and fresh."""
        issued, _, signature = token.partition(".")
        if not (issued.isascii() and issued.isdigit() and len(issued) <= _MOST_DIGITS):
            return False
        age = self._clock() - int(issued)
        expected = self._signature(decision_id, int(issued))
        return 0 <= age <= _TOKEN_SECONDS and hmac.compare_digest(
            signature.encode(), expected.encode()
        )

    def _signature(self, decision_id: int, issued: int) -> str:
        return hmac.new(self._key, f"{decision_id}.{issued}".encode(), sha256).hexdigest()


class HourlyLimit:
    """Counts what comes from an address in an hour; the addresses seen last are remembered."""

    def __init__(self, most: int, clock: Callable[[], float] = time) -> None:
        self._most = most
        self._clock = clock
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def admits(self, address: str) -> bool:
        """Count one more from *address*; return whether it is within the limit."""
        now = self._clock()
        begun, count = self._seen.pop(address, (now, 0))
        if now - begun >= _HOUR:
            begun, count = now, 0
        self._seen[address] = (begun, count + 1)
        while len(self._seen) > _MOST_ADDRESSES:
            self._seen.popitem(last=False)
        return count < self._most


def read(body: bytes, tokens: FormTokens) -> AppealForm | None:
    """Read a form (application/x-www-form-urlencoded); None where it is not one of ours, whole."""
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=_MOST_FIELDS, keep_blank_values=True)
    except (UnicodeDecodeError, ValueError):
        return None
    values = {name: found[0].strip() for name, found in fields.items()}
    decision = decision_of(values.get("decision", ""))
    # People do not see the field "website", programs fill it in.
    if (
        not decision
        or values.get("website")
        or not tokens.is_good(values.get("token", ""), decision)
    ):
        return None
    texts = {name: _printable(values.get(name, "")) for name in _BOUNDS}
    if not all(0 < len(texts[name]) <= most for name, most in _BOUNDS.items()):
        return None
    return AppealForm(decision_id=decision, **texts)


def decision_of(text: str) -> int:
    """Read a decision id; 0 where it is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        return 0
    number = int(text)
    return number if number < 2**64 else 0


def _printable(text: str) -> str:
    return "".join(one for one in text if one.isprintable() or one == "\n")
