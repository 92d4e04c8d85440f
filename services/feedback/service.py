"""Records verdicts of people on decisions: fraud, or not fraud.

A block by a list entry is a confirmed hit from the start, so confirming it is a repeat: it adds
nothing to the stream, and answers with the place of the hit. The last verdict on a decision is in
its record; both streams keep every first one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from fanzha import url
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, NotFound
from fanzha.fingerprint import is_fingerprint
from fanzha.fraud import TAXONOMY, FraudType
from fanzha.phone import UNREADABLE, HomePlan, party_text
from fanzha.tables import Channel
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.decision.sinks.hit_fields import HitField
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import CONFIRMED, DISMISSED, Appended, HitStore

_NOTE = TextLimit(max_characters=1000, characters=CharacterSet.ANY, strip=False)
_NAME = TextLimit(max_characters=200, characters=CharacterSet.ANY, strip=False)

_BOOKKEEPING = {"stream", "stream_id", "verdict", "verdict_by", "verdict_at_ms"}


class Durability(IntEnum):
    """Durability of an acknowledged write; numbered as on the wire."""

    SYNCED = 1
    MEMORY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackVerdict:
    """The verdict of a person on a decision."""

    decision_id: int
    by: str
    note: str = ""
    fraud_type: FraudType = FraudType.UNSPECIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedTraffic:
    """The traffic of a decision, as the confirming person describes it."""

    channel: int
    from_party: str = ""
    to_party: str = ""
    url: str = ""
    occurred_at_ms: int = 0
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedVerdict:
    """A recorded verdict."""

    first: bool
    """False when the decision had this verdict already."""
    stream_id: str
    durability: Durability
    action: Action | None = None
    """What the service had done; None for a decision that is not stored."""


class FeedbackService:
    """Records verdicts; each is acknowledged only once the store has it."""

    def __init__(self, *, store: HitStore, home: HomePlan, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._home = home
        self._now_ms = now_ms

    async def confirm(
        self, verdict: FeedbackVerdict, traffic: DecidedTraffic | None
    ) -> RecordedVerdict:
        """Confirm that a decision was about fraud; *traffic* describes one that is not stored."""
        _check(verdict, "confirmed_by")
        record = await self._store.find(verdict.decision_id)
        hit = self._hit_fields(verdict, record, traffic)
        verdict_fields = self._verdict_fields(verdict, "confirmed")
        if record and record.get("stream") == CONFIRMED:
            synced = await self._store.add_to_record(verdict.decision_id, hit | verdict_fields)
            return RecordedVerdict(
                first=False,
                stream_id=record["stream_id"],
                durability=_durability(synced),
                action=_action(hit),
            )
        recorded = _recorded(await self._append(CONFIRMED, verdict, hit, verdict_fields))
        return replace(recorded, action=_action(hit))

    async def dismiss(self, verdict: FeedbackVerdict) -> RecordedVerdict:
        """Say that a decision was not about fraud."""
        _check(verdict, "dismissed_by")
        record = await self._store.find(verdict.decision_id)
        if record is None:
            raise NotFound(
                "decision_id: {decision_id} is not stored", decision_id=verdict.decision_id
            )
        verdict_fields = self._verdict_fields(verdict, "dismissed")
        hit = _without_bookkeeping(record)
        return _recorded(await self._append(DISMISSED, verdict, hit, verdict_fields))

    async def _append(
        self,
        stream: str,
        verdict: FeedbackVerdict,
        hit: Mapping[str, str],
        verdict_fields: Mapping[str, str],
    ) -> Appended:
        entry = dict(hit) | dict(verdict_fields) | ({"note": verdict.note} if verdict.note else {})
        return await self._store.append_once(
            stream, verdict.decision_id, entry, dict(hit) | dict(verdict_fields)
        )

    def _verdict_fields(self, verdict: FeedbackVerdict, what: str) -> dict[str, str]:
        at = str(self._now_ms())
        return {"verdict": what, "verdict_by": verdict.by, "verdict_at_ms": at}

    def _hit_fields(
        self,
        verdict: FeedbackVerdict,
        record: Mapping[str, str] | None,
        traffic: DecidedTraffic | None,
    ) -> dict[str, str]:
        """Write a confirmed hit, from the stored decision or else from the request."""
        if record is not None:
            hit = _without_bookkeeping(record)
        elif traffic is not None:
            hit = self._hit(verdict.decision_id, traffic).fields()
        else:
            raise NotFound(
                "decision_id: {id} is not stored; describe it in traffic", id=verdict.decision_id
            )
        if verdict.fraud_type:
            hit |= {"fraud_type": verdict.fraud_type.name, "taxonomy": TAXONOMY}
        return hit

    def _hit(self, decision_id: int, traffic: DecidedTraffic) -> Hit:
        if traffic.channel not in set(Channel):
            raise InvalidInput("traffic.channel: call, text or link")
        if traffic.occurred_at_ms < 0:
            raise InvalidInput("traffic.occurred_at_ms: before 1970")
        if traffic.fingerprint and not is_fingerprint(traffic.fingerprint):
            raise InvalidInput("traffic.fingerprint: fp1: and 64 hexadecimal digits")
        if traffic.channel == Channel.LINK:
            from_party, page = "", url.canonical(traffic.url)
            if not page:
                raise InvalidInput("traffic.url: cannot be read")
        else:
            from_party, page = _party(traffic.from_party, self._home.sender_key, "from_party"), ""
        # A link may have no known subscriber.
        has_party = traffic.to_party or traffic.channel != Channel.LINK
        return Hit(
            decision_id=decision_id,
            channel=Channel(traffic.channel),
            from_party=from_party,
            to_party=_party(traffic.to_party, self._home.number_key, "to_party")
            if has_party
            else "",
            url=page,
            fingerprint=traffic.fingerprint if traffic.channel == Channel.TEXT else "",
            action=None,
            occurred_at_ms=traffic.occurred_at_ms or self._now_ms(),
        )


def _party(text: str, key_of: Callable[[str], int], field: str) -> str:
    key = key_of(text)
    if key == UNREADABLE:
        raise InvalidInput("traffic.{field}: cannot be read", field=field)
    return party_text(key, text)


def _check(verdict: FeedbackVerdict, by: str) -> None:
    if not verdict.decision_id:
        raise InvalidInput("decision_id: required")
    text_limits.required(by, verdict.by, _NAME)
    text_limits.optional("note", verdict.note, _NOTE)


def _without_bookkeeping(record: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in record.items() if name not in _BOOKKEEPING}


def _action(hit: Mapping[str, str]) -> Action | None:
    name = hit.get(HitField.ACTION, "")
    return Action[name] if name in Action.__members__ else None


def _recorded(appended: Appended) -> RecordedVerdict:
    return RecordedVerdict(
        first=appended.first,
        stream_id=appended.stream_id,
        durability=_durability(appended.synced),
    )


def _durability(synced: bool) -> Durability:
    return Durability.SYNCED if synced else Durability.MEMORY
