"""Parses and validates warnings of sources, in one form for gRPC, HTTP and files.

Errors name the field and quote the value, unless it is personal data.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import TypeVar

from blocklists import patterns
from blocklists.entries import Source
from blocklists.importers.vocabulary import FRAUD_TYPES
from fanzha import url
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.phone import UNREADABLE, HomePlan, number_text, party_text
from fanzha.tables import Channel
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.warning.model import OWN_SOURCES, Means, MeansKind, Risk, WarningRecord

Named = TypeVar("Named", bound=IntEnum)

AHEAD_MS = 5 * 60_000
"""Tolerated clock difference of a source."""
_IDENTIFIER = TextLimit(max_characters=128, characters=CharacterSet.PRINTABLE, strip=False)
_MEANS = TextLimit(max_characters=2048, characters=CharacterSet.PRINTABLE, strip=False)
MOST_TALKED_S = 86_400
MOST_DECISION_ID = 2**64 - 1
FIELDS = (
    *("reference", "victim", "means_kind", "means", "channel", "fraud_type", "risk"),
    *("occurred_at", "campaign", "suspected", "talked_seconds", "link_opened", "decision_id"),
)
"""Names of the fields in JSON and in the columns of files."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
_CHANNELS = {
    MeansKind.CALLER: Channel.CALL,
    MeansKind.SENDER: Channel.TEXT,
    MeansKind.TEXT: Channel.TEXT,
    MeansKind.LINK: Channel.LINK,
}
_FRAUD_TYPES = {word: kind for word, kind in FRAUD_TYPES.items() if not word.isdecimal()}
_RISKS = {
    **{risk.name.lower(): risk for risk in Risk},
    **dict(zip("低中高", Risk, strict=True)),
}
_CHANNEL_WORDS = {channel.name.lower(): channel for channel in Channel}
# A digest of this service or of another: no text can be recovered from it.
_FINGERPRINT = re.compile(r"(?:[A-Za-z0-9]{1,16}:)?[0-9A-Fa-f]{16,128}")
_FIRST_MS = 10**11
"""1973 in milliseconds since 1970: a smaller number is probably in seconds."""
_YES_NO = {"": False, "true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawWarning:
    """A warning as sent, decoded but not validated."""

    reference: str
    victim: str
    means_kind: MeansKind | None
    means: str
    channel: Channel | None = None
    fraud_type: FraudType = FraudType.UNSPECIFIED
    risk: Risk = Risk.MEDIUM
    occurred_at_ms: int
    campaign: str = ""
    suspected: bool = False
    talked_s: int = 0
    link_opened: bool = False
    decision_id: int = 0


class WarningParser:
    """Validates raw warnings."""

    def __init__(self, home: HomePlan, *, now_ms: Callable[[], int], max_age_hours: int) -> None:
        self._home = home
        self._now_ms = now_ms
        self._max_age_hours = max_age_hours

    def parse(self, raw: RawWarning, source: Source, source_name: str) -> WarningRecord:
        """Validate one warning of a source. Raises `InvalidInput`."""
        now = self._now_ms()
        text_limits.required("reference", raw.reference, _IDENTIFIER)
        text_limits.optional("campaign", raw.campaign, _IDENTIFIER)
        self._check_time(raw.occurred_at_ms, now)
        if raw.decision_id > MOST_DECISION_ID:
            raise InvalidInput(
                "decision_id: at most {most_decision_id}", most_decision_id=MOST_DECISION_ID
            )
        if not 0 <= raw.talked_s <= MOST_TALKED_S:
            raise InvalidInput(
                "talked_seconds: from 0 to {most_talked_s}, not {talked_s}",
                most_talked_s=MOST_TALKED_S,
                talked_s=raw.talked_s,
            )
        means = self.means(raw.means_kind, raw.means)
        return WarningRecord(
            source=source,
            source_name=source_name,
            reference=raw.reference,
            victim=self._victim(raw.victim),
            means=means,
            channel=raw.channel or _CHANNELS.get(means.kind),
            fraud_type=raw.fraud_type,
            risk=raw.risk,
            occurred_at_ms=raw.occurred_at_ms,
            received_at_ms=now,
            decision_id=raw.decision_id,
            campaign=raw.campaign,
            confirmed=not raw.suspected,
            talked_s=raw.talked_s,
            opened=raw.link_opened,
        )

    def _victim(self, text: str) -> str:
        if not text:
            raise InvalidInput("victim: required")
        key = self._home.number_key(text)
        written = number_text(key) if key != UNREADABLE else ""
        if not written.startswith("+"):
            # Not quoted: errors appear in logs and reports.
            raise InvalidInput("victim: not a phone number of a person")
        return written

    def means(self, kind: MeansKind | None, text: str) -> Means:
        """Validate the means of a warning and return them in canonical form."""
        text_limits.required("means", text, _MEANS)
        match kind:
            case None:
                known = ", ".join(kind.value for kind in MeansKind)
                raise InvalidInput("means_kind: one of {known}", known=known)
            case MeansKind.CALLER | MeansKind.SENDER:
                key = self._home.sender_key(text)
                if key == UNREADABLE:
                    raise InvalidInput("means: not a number, service code or sender name")
                return Means(kind=kind, value=party_text(key, text))
            case MeansKind.LINK:
                page = url.canonical(text)
                if not _is_public(url.split(page)[0]):
                    raise InvalidInput("means: not a link to a public host")
                return Means(kind=kind, value=page)
            case MeansKind.TEXT:
                # Not quoted: it may be the text of a message.
                if not _FINGERPRINT.fullmatch(text):
                    raise InvalidInput("means: not a fingerprint, such as fp1: and 64 hex digits")
                return Means(kind=kind, value=text)
            case MeansKind.ACCOUNT:
                return Means(kind=kind, value=text)

    def _check_time(self, at_ms: int, now_ms: int) -> None:
        if at_ms <= 0:
            raise InvalidInput("occurred_at: required")
        if at_ms > now_ms + AHEAD_MS:
            raise InvalidInput("occurred_at: in the future")
        if at_ms < _FIRST_MS:
            raise InvalidInput("occurred_at: before 1974; numbers are milliseconds since 1970")
        if now_ms - at_ms > self._max_age_hours * 3_600_000:
            raise InvalidInput(
                "occurred_at: more than {max_age_hours} hours ago",
                max_age_hours=self._max_age_hours,
            )


def _is_public(host: str) -> bool:
    """Whether *host* is a domain name with a dot or an IP address, not a single word."""
    return bool(patterns.canonical_name(host)) and ("." in host or ":" in host)


def parse_fields(fields: Mapping[str, object]) -> RawWarning:
    """Decode the fields of a JSON object or a CSV row. Raises `InvalidInput`."""
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise InvalidInput(
            "{unknown!r}: no such field; there are {fields}",
            unknown=unknown[0][:40],
            fields=", ".join(FIELDS),
        )
    text = {name: _as_text(name, fields.get(name)) for name in FIELDS}
    return RawWarning(
        reference=text["reference"],
        victim=text["victim"],
        means_kind=_means_kind(text["means_kind"]),
        means=text["means"],
        channel=_enum_member("channel", text["channel"], _CHANNEL_WORDS),
        fraud_type=_enum_member("fraud_type", text["fraud_type"], _FRAUD_TYPES)
        or FraudType.UNSPECIFIED,
        risk=_enum_member("risk", text["risk"], _RISKS) or Risk.MEDIUM,
        occurred_at_ms=_timestamp_ms(text["occurred_at"]),
        campaign=text["campaign"],
        suspected=_boolean("suspected", text["suspected"]),
        talked_s=_integer("talked_seconds", text["talked_seconds"]),
        link_opened=_boolean("link_opened", text["link_opened"]),
        decision_id=_integer("decision_id", text["decision_id"]),
    )


def check_source_name(name: str) -> str:
    """Return *name*. Raises `InvalidInput` where it is not safe in names of Redis keys."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "source_name: letters, digits, dot and minus, at most 64, not {name!r}", name=name[:80]
        )
    if name in OWN_SOURCES:
        raise InvalidInput("source_name: {own_hits} is reserved for this service", own_hits=name)
    return name


def _as_text(field: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value).strip()
    raise InvalidInput(
        "{field}: a string or an integer, not {name}", field=field, name=type(value).__name__
    )


def _means_kind(text: str) -> MeansKind | None:
    if not text:
        return None
    try:
        return MeansKind(text.casefold())
    except ValueError:
        known = ", ".join(one.value for one in MeansKind)
        raise InvalidInput(
            "means_kind: one of {known}, not {text!r}", known=known, text=text[:80]
        ) from None


def _enum_member(field: str, text: str, known: Mapping[str, Named]) -> Named | None:
    if not text:
        return None
    found = known.get(text.lower().replace("-", "_"))
    if found is None:
        english = ", ".join(word for word in known if word.isascii() and word != "unspecified")
        raise InvalidInput(
            "{field}: one of {english}, not {text!r}", field=field, english=english, text=text[:80]
        )
    return found


def _timestamp_ms(text: str) -> int:
    """Parse milliseconds since the Unix epoch, or RFC 3339 with a time zone; 0 if empty."""
    if not text:
        return 0
    if re.fullmatch(r"[0-9]{1,15}", text):
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("occurred_at: not RFC 3339: {text!r}", text=text[:40]) from None
    if at.tzinfo is None:
        raise InvalidInput("occurred_at: no time zone: {text!r}; write +08:00 or Z", text=text[:40])
    return int(at.timestamp() * 1000)


def _integer(field: str, text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise InvalidInput("{field}: not a number: {text!r}", field=field, text=text[:40])
    return int(text)


def _boolean(field: str, text: str) -> bool:
    found = _YES_NO.get(text.casefold())
    if found is None:
        raise InvalidInput("{field}: true or false, not {text!r}", field=field, text=text[:40])
    return found
