"""What a search of decisions asks for: filters in the address, parties in the session.

Channel, action, reason, carrier, host and period are no personal data, so a link to such a search
can be passed on. A number or name is sent by POST and kept in the session under a key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import decision_log_pb2 as pb
from fanzha.v1 import decision_pb2, interception_pb2
from services.console.web.formats import ReaderFormats

PAGE_SIZE = 50
_HOUR_MS = 3_600_000
PERIODS = {
    "1h": (gettext_noop("Last hour"), _HOUR_MS),
    "24h": (gettext_noop("Last 24 hours"), 24 * _HOUR_MS),
    "7d": (gettext_noop("Last 7 days"), 7 * 24 * _HOUR_MS),
    "30d": (gettext_noop("Last 30 days"), 30 * 24 * _HOUR_MS),
    "180d": (gettext_noop("Last 180 days"), 180 * 24 * _HOUR_MS),
}
"""By the word in the address: its text, and how long it is."""
DEFAULT_PERIOD = "24h"
WORDS = {
    "Channel": decision_pb2.Channel,
    "Action": decision_pb2.Action,
    "Reason": decision_pb2.Reason,
    "FraudType": decision_pb2.FraudType,
    "Source": decision_pb2.Source,
    "Ingress": interception_pb2.Ingress,
}
"""Enums whose words templates write."""
ENUMS = {
    "channel": decision_pb2.Channel,
    "action": decision_pb2.Action,
    "reason": decision_pb2.Reason,
}
TEXTS = ("carrier", "host")
_ID = re.compile(r"[0-9]{1,20}")
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSearch:
    """A search, as it stands in an address."""

    period: str = DEFAULT_PERIOD
    filters: Mapping[str, str]
    """Words such as ``block``, and texts, by field; empty ones are left out."""
    key: str = ""
    """Where the session has the party."""
    party: str = ""
    """A number or name; never in an address."""

    @property
    def query(self) -> dict[str, str]:
        """The query of the address, without what is as usual."""
        period = "" if self.period == DEFAULT_PERIOD else self.period
        return {**self.filters, "period": period, "key": self.key}

    def request(self, now_ms: int, page_token: str) -> pb.FindDecisionsRequest:
        """Return the request for a page."""
        request = pb.FindDecisionsRequest(
            since_ms=now_ms - PERIODS[self.period][1],
            page_size=PAGE_SIZE,
            page_token=page_token,
            uncounted=True,
            **self._conditions(TEXTS),
        )
        if self.party:
            # A number is looked for on both sides, a name only where it sent.
            setattr(request, "number" if _is_number(self.party) else "sender", self.party)
        return request

    def tail(self) -> pb.TailDecisionsRequest:
        """Return the request for what comes: a tail looks for no host and no party."""
        return pb.TailDecisionsRequest(**self._conditions(("carrier",)))

    def _conditions(self, texts: tuple[str, ...]) -> dict[str, Any]:
        return {
            name: number_of(ENUMS[name], word) if name in ENUMS else word
            for name, word in self.filters.items()
            if name in ENUMS or name in texts
        }


def read(fields: Mapping[str, str], *, key: str = "", party: str = "") -> DecisionSearch:
    """Read a search from a query or form; what it does not know is left out."""
    filters = {
        name: word for name, enum in ENUMS.items() if number_of(enum, word := fields.get(name, ""))
    }
    filters |= {
        name: text for name in TEXTS if (text := fields.get(name, "").strip()[:_MOST_CHARACTERS])
    }
    period = fields.get("period", "")
    return DecisionSearch(
        period=period if period in PERIODS else DEFAULT_PERIOD,
        filters=filters,
        key=key,
        party=party[:_MOST_CHARACTERS],
    )


def decision_id(text: str) -> str:
    """Return the id where *text* is one; long numbers are not: they begin with a plus."""
    digits = text.strip().replace(" ", "").replace(",", "")
    is_id = _ID.fullmatch(digits) and len(digits) > _PHONE_DIGITS and 0 < int(digits) < 2**64
    return digits if is_id else ""


_PHONE_DIGITS = 16
"""Ids have 24 random leading bits: fewer digits are the ids of one worker in a million."""


def choices(name: str, formats: ReaderFormats) -> list[tuple[str, str]]:
    """Return the words of an enum with their texts, for a list to choose from."""
    enum: Any = ENUMS[name]
    return [
        (word_of(enum, number), formats.word(number, enum)) for number in enum.values() if number
    ]


def number_of(enum: Any, word: str) -> int:
    """Return the number of a word such as ``block``; 0 for none and an unknown one."""
    wanted = f"{_prefix(enum)}{word.upper()}"
    return int(enum.Value(wanted)) if word and wanted in enum.keys() else 0  # noqa: SIM118


def word_of(enum: Any, number: int) -> str:
    """Return the word of a number, such as ``block``."""
    return str(enum.Name(number)).removeprefix(_prefix(enum)).lower()


def _prefix(enum: Any) -> str:
    return str(enum.DESCRIPTOR.values[0].name).removesuffix("UNSPECIFIED")


def _is_number(text: str) -> bool:
    return text.lstrip("+").rstrip("*").replace(" ", "").replace("-", "").isdecimal()
