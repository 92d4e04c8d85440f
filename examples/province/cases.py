"""Cases of two years: who was at risk, how they were warned, who talked to them, how it ended.

Each case is folded from events that the pipeline and the desk would write, at the times at which
they would; one commit stores it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from examples.province import places
from examples.province.campaigns import DAYS, CampaignMeans, FraudCampaign, active
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from services.audit.events import AuditKind
from services.warning.cases import opening, state_machine
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind, MessageRef
from services.warning.cases.model import Case
from services.warning.cases.opening import Router
from services.warning.cases.store import CaseCommit, marker
from services.warning.model import OWN_HITS, Means, MeansKind, Risk, Tier, WarningRecord

DAY_MS, MINUTE_MS = 86_400_000, 60_000
_CHANNELS = (Channel.CALL, Channel.CALL, Channel.CALL, Channel.TEXT, Channel.TEXT, Channel.LINK)
_SOURCES = ("部级平台", "省平台", "cmcc", "cucc", "ctcc", "star-river-bank")
_DELIVERED, _TAKEN_LOW, _OPEN_OLD = 0.86, 0.15, 0.03
_OUTCOMES = (
    CaseOutcome.SAFE,
    CaseOutcome.LOST_MONEY,
    CaseOutcome.UNREACHABLE,
    CaseOutcome.FALSE_ALARM,
)
_REACHED_ENDS, _OTHER_ENDS = (0.87, 0.05, 0.02, 0.06), (0.56, 0.17, 0.22, 0.05)
"""Shares of the outcomes of who was reached, and of others."""
_LOSSES: dict[FraudType, float] = {
    FraudType.FAKE_INVESTMENT: 11.7,
    FraudType.ROMANCE: 11.2,
    FraudType.IMPERSONATE_AUTHORITY: 11.0,
    FraudType.FAKE_CUSTOMER_SERVICE: 10.3,
    FraudType.FAKE_LOAN: 9.9,
    FraudType.FAKE_CREDIT: 9.9,
    FraudType.BRUSHING_REBATE: 10.1,
    FraudType.IMPERSONATE_ACQUAINTANCE: 10.4,
    FraudType.FAKE_SHOPPING: 8.3,
    FraudType.GAME_TRADE: 7.8,
}
"""The logarithm of the usual loss in yuan."""
_NOTES = (
    "电话劝阻，当事人表示已识破",
    "当事人正在通话，家属协助中断",
    "上门见面，已指导安装国家反诈中心",
    "当事人已转账一笔，指导报警止付",
    "无人接听，稍后再拨",
)
_WHY = {
    CaseOutcome.SAFE: "已劝阻，未转账",
    CaseOutcome.LOST_MONEY: "转账后报案",
    CaseOutcome.UNREACHABLE: "多次联系未果",
    CaseOutcome.FALSE_ALARM: "当事人确认为正常来电",
}


class CaseAct(NamedTuple):
    """What a person did with a case, for the audit log."""

    at_ms: int
    kind: AuditKind
    subject: str
    what: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCase:
    """A case to store, and what people did with it."""

    commit: CaseCommit
    acts: Sequence[CaseAct]


class CaseMaker:
    """Makes the cases; the same for the same seed."""

    def __init__(
        self, campaigns: Sequence[FraudCampaign], router: Router, *, end_ms: int, seed: int = 5
    ) -> None:
        self._campaigns = tuple(campaigns)
        self._router = router
        self._end_ms = end_ms
        self._chance = np.random.default_rng(seed)
        self._made = 0

    def day(self, day: int, count: int) -> Iterator[MadeCase]:
        """Make the cases that are opened on a day of the two years, from 0."""
        midnight = self._end_ms // DAY_MS * DAY_MS - (DAYS - 1 - day) * DAY_MS
        last = min(midnight + DAY_MS, self._end_ms)
        now_active = active(self._campaigns, day)
        strengths = np.array([one.strength for one in now_active])
        drawn = self._chance.choice(len(now_active), count, p=strengths / strengths.sum())
        hours = self._chance.beta(2.2, 2.0, count) * 15  # six in the morning to nine in China
        times = np.sort(midnight + (hours * 3_600_000).astype(np.int64) - 2 * 3_600_000)
        for place, at in zip(drawn.tolist(), times.tolist(), strict=True):
            opened = min(max(at, midnight - 2 * 3_600_000), last - 1)
            yield self._case(now_active[place], opened)

    def _case(self, campaign: FraudCampaign, at_ms: int) -> MadeCase:
        chance = self._chance
        self._made += 1
        first = self._warning(campaign, at_ms)
        update = opening.apply_warnings(None, [first], self._router, at_ms)
        events, case = list(update.events), update.case
        for _ in range(int(chance.geometric(0.6)) - 1):
            later = self._again(campaign, first, at_ms + int(chance.integers(30 * MINUTE_MS)))
            if later.received_at_ms < self._end_ms:
                events.append(CaseEvent(kind=EventKind.JOINED, at_ms=later.received_at_ms,
                                        by=opening.INTAKE, warning=later))  # fmt: skip
                case = state_machine.apply(case, events[-1])
        acts: list[CaseAct] = []
        for event in self._followed(case, at_ms, acts):
            if event.at_ms >= self._end_ms:
                break
            events.append(event)
            case = state_machine.apply(case, event)
        warnings = [event.warning for event in events if event.warning is not None]
        return MadeCase(
            commit=CaseCommit(
                before=None,
                after=case,
                events=events,
                seen=[marker(one.source_name, one.reference) for one in warnings],
                counts={
                    (first.source_name, "accepted"): 1,
                    **({(first.source_name, "joined"): len(warnings) - 1} if warnings[1:] else {}),
                },
            ),
            acts=[one for one in acts if one.at_ms < self._end_ms],
        )

    def _warning(self, campaign: FraudCampaign, at_ms: int) -> WarningRecord:
        chance = self._chance
        county = places.draw_places(chance, 1, hot=campaign.hot)
        victim = f"+{int(places.number_keys(chance, county)[0])}"
        channel = _CHANNELS[int(chance.integers(len(_CHANNELS)))]
        means = _drawn(chance, campaign, channel)
        own = chance.random() < 0.7  # noqa: PLR2004
        name = OWN_HITS if own else _SOURCES[int(chance.integers(len(_SOURCES)))]
        talked = int(chance.exponential(200)) if channel is Channel.CALL else 0
        return WarningRecord(
            source=campaign.source,
            source_name=name,
            reference=f"{2**50 + self._made}" if own else f"{name}-{self._made:08}",
            victim=victim,
            means=Means(kind=_means_kind(channel), value=means.pattern),
            channel=channel,
            fraud_type=campaign.kind,
            risk=Risk(int(chance.choice([1, 2, 3], p=[0.3, 0.45, 0.25]))),
            occurred_at_ms=at_ms - int(chance.exponential(4)) * MINUTE_MS - 2_000,
            received_at_ms=at_ms,
            decision_id=2**50 + self._made if own else 0,
            campaign=campaign.name,
            confirmed=bool(chance.random() < 0.85),  # noqa: PLR2004
            pattern=means.pattern,
            entry_id=means.entry_id,
            talked_s=talked,
            opened=channel is Channel.LINK and bool(chance.random() < 0.5),  # noqa: PLR2004
        )

    def _again(self, campaign: FraudCampaign, first: WarningRecord, at_ms: int) -> WarningRecord:
        self._made += 1
        other = self._warning(campaign, at_ms)
        return WarningRecord(
            source=first.source,
            source_name=OWN_HITS,
            reference=f"{2**50 + self._made}",
            victim=first.victim,
            means=other.means,
            channel=other.channel,
            fraud_type=campaign.kind,
            risk=other.risk,
            occurred_at_ms=at_ms - 2_000,
            received_at_ms=at_ms,
            decision_id=2**50 + self._made,
            campaign=campaign.name,
            pattern=other.pattern,
            entry_id=other.entry_id,
        )

    def _followed(self, case: Case, at_ms: int, acts: list[CaseAct]) -> Iterator[CaseEvent]:
        """Yield what followed: messages, and what an officer did."""
        chance, tier = self._chance, case.tier or Tier.LOW
        queued = next((event for event in _queued(case)), None)
        sent = at_ms + int(chance.exponential(40_000)) + 3_000
        reached = bool(chance.random() < _DELIVERED)
        if queued is not None:
            yield CaseEvent(kind=EventKind.SENT, at_ms=sent, by="sms", message=queued)
            if reached:
                done = sent + int(chance.exponential(8_000)) + 900
                yield CaseEvent(kind=EventKind.DELIVERED, at_ms=done, by="sms", message=queued)
        if tier is Tier.LOW and chance.random() > _TAKEN_LOW:
            over = at_ms + 2 * DAY_MS
            lost = chance.random() < (0.02 if reached else 0.12)
            outcome = CaseOutcome.LOST_MONEY if lost else CaseOutcome.SAFE
            yield self._closed(case, over, "he", outcome, acts)
            return
        officer = "tang" if case.region.city.startswith("3401") and chance.random() < 0.7 else "he"  # noqa: PLR2004
        wait = {Tier.HIGH: 12, Tier.MEDIUM: 90, Tier.LOW: 600}[tier]
        taken = sent + int(chance.exponential(wait) + 1) * MINUTE_MS
        acts.append(CaseAct(taken, AuditKind.CASE_CHANGED, case.id, "taken", officer))
        yield CaseEvent(kind=EventKind.TAKEN, at_ms=taken, by=officer, officer=officer,
                        due_at_ms=taken + DAY_MS)  # fmt: skip
        noted = taken + int(chance.integers(3, 50)) * MINUTE_MS
        acts.append(CaseAct(noted, AuditKind.CASE_CHANGED, case.id, "noted", officer))
        note = _NOTES[int(chance.integers(len(_NOTES)))]
        yield CaseEvent(kind=EventKind.NOTED, at_ms=noted, by=officer, why=note)
        if chance.random() < _OPEN_OLD and self._end_ms - at_ms < 20 * DAY_MS:
            return
        closed = noted + int(chance.exponential(600) + 5) * MINUTE_MS
        shares = _REACHED_ENDS if reached else _OTHER_ENDS
        outcome = _OUTCOMES[int(chance.choice(len(_OUTCOMES), p=shares))]
        yield self._closed(case, closed, officer, outcome, acts)

    def _closed(
        self, case: Case, at_ms: int, by: str, outcome: CaseOutcome, acts: list[CaseAct]
    ) -> CaseEvent:
        chance = self._chance
        acts.append(CaseAct(at_ms, AuditKind.CASE_CHANGED, case.id, "closed", by))
        lost: int | None = None
        to: tuple[Means, ...] = ()
        if outcome is CaseOutcome.LOST_MONEY:
            yuan = float(chance.lognormal(_LOSSES.get(case.fraud_type, 9.5), 1.0))
            lost = round(min(yuan, 3e6)) * 100 if chance.random() < 0.9 else None  # noqa: PLR2004
            to = (Means(kind=MeansKind.ACCOUNT, value=f"尾号{int(chance.integers(1000, 9999))}"),)
        return CaseEvent(kind=EventKind.CLOSED, at_ms=at_ms, by=by, why=_WHY[outcome],
                         outcome=outcome, lost_fen=lost, lost_to=to)  # fmt: skip


def by_day(total: int, *, seed: int = 6) -> list[int]:
    """Spread cases over the days of the two years: growth, weekends, noise."""
    chance, day = np.random.default_rng(seed), np.arange(DAYS)
    weights = (0.7 + 0.6 * day / DAYS) * np.where(day % 7 >= 5, 0.8, 1.0)  # noqa: PLR2004
    found: list[int] = chance.multinomial(total, weights / weights.sum()).tolist()
    return found


def _queued(case: Case) -> Iterator[MessageRef]:
    for message in case.messages:
        yield MessageRef(id=message, channel="sms", step=0)


def _means_kind(channel: Channel) -> MeansKind:
    match channel:
        case Channel.CALL:
            return MeansKind.CALLER
        case Channel.TEXT:
            return MeansKind.SENDER
        case Channel.LINK:
            return MeansKind.LINK


def _drawn(chance: np.random.Generator, campaign: FraudCampaign, channel: Channel) -> CampaignMeans:
    some = campaign.senders if channel is Channel.TEXT else campaign.means(channel)
    return some[int(chance.integers(len(some)))]
