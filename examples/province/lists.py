"""The lists over two years: proposed, approved, refused, extended, reverted and taken off again."""

from collections.abc import Sequence

import numpy as np

from blocklists.entries import Direction, EntryKind, Source
from blocklists.row_validation import ProposedRows
from examples.province.campaigns import DAYS, CampaignMeans, FraudCampaign
from examples.province.stores import Province, person
from examples.province.timeline import Timeline
from fanzha.decisions import Action
from services.auth import identity
from services.changes.model import ChangeKind
from services.changes.report import ChangeTerms
from services.lists.hit_counter import HitCounts

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
LAW = "《反电信网络诈骗法》第二十二条"
IMPORT_ROWS = 500
_WORKING_MS = 2 * HOUR_MS
"""From midnight UTC to ten in the morning in China."""
_ENTRY_DAYS = 400
_REJECTED = 0.08
_REASONS_AGAINST = ("证据不足，请补充报警记录", "号码段过宽，请改为单个号码", "与在先申诉结论冲突")


def plan(
    timeline: Timeline, campaigns: Sequence[FraudCampaign], start_ms: int, *, imports: int = 24
) -> None:
    """Add all changes of the lists to the timeline; *start_ms* is the first midnight."""
    chance = np.random.default_rng(7)
    for one in campaigns:
        _plan_campaign(timeline, one, start_ms, chance)
    for month in range(imports):
        at = start_ms + month * (DAYS * DAY_MS // max(imports, 1)) + _WORKING_MS
        timeline.add(at, _MonthlyImport(month).step)
    timeline.add(start_ms + HOUR_MS, _allow_public)


def _plan_campaign(
    timeline: Timeline, one: FraudCampaign, start_ms: int, chance: np.random.Generator
) -> None:
    author = "li" if one.place % 3 else "zhou"
    at = start_ms + one.first_day * DAY_MS + _WORKING_MS + int(chance.integers(4 * HOUR_MS))
    refused = bool(chance.random() < _REJECTED)
    first = _ListChange(one, author, [*one.numbers, *one.senders, *one.hosts], refused=refused)
    timeline.add(at, first.propose)
    timeline.add(at + int(chance.integers(HOUR_MS // 4, 6 * HOUR_MS)), first.decide)
    if refused:
        again = _ListChange(one, author, [*one.numbers, *one.senders, *one.hosts])
        timeline.add(at + DAY_MS, again.propose)
        timeline.add(at + DAY_MS + HOUR_MS, again.decide)
    if one.place % 3 == 0:
        wider = _ListChange(one, author, [one.range])
        timeline.add(at + 6 * DAY_MS, wider.propose)
        timeline.add(at + 6 * DAY_MS + 2 * HOUR_MS, wider.decide)
    if one.place % 17 == 5:  # noqa: PLR2004
        timeline.add(at + 9 * DAY_MS, first.revert)


def plan_today(timeline: Timeline, campaigns: Sequence[FraudCampaign], end_ms: int) -> None:
    """Add what waits for somebody now: pending requests of the last hours."""
    latest = [one for one in campaigns if one.last_day >= DAYS - 40][-6:]
    for place, one in enumerate(latest):
        author = "li" if place % 2 else "zhou"
        means = CampaignMeans(kind=EntryKind.HOST, pattern=f"{one.slug}-{one.place:02}new.example")
        wanted = [one.range] if place % 2 else [means, *one.hosts[:1]]
        timeline.add(end_ms - (place + 1) * 3 * HOUR_MS, _ListChange(one, author, wanted).propose)


class _ListChange:
    """One change about one campaign, from its proposal to its decision."""

    def __init__(
        self,
        campaign: FraudCampaign,
        author: str,
        means: Sequence[CampaignMeans],
        *,
        refused: bool = False,
    ) -> None:
        self._campaign = campaign
        self._author = author
        self._means = means
        self._refused = refused
        self._change = 0

    async def propose(self, province: Province) -> None:
        """Propose to block the means of the campaign."""
        with identity.acting_as(person(self._author)):
            done = await province.lists.update(
                self._rows(province.clock.at_ms // 1000),
                [],
                ChangeTerms(author=self._author, reason=f"{self._campaign.name}：群众举报"),
            )
        self._change = done.requested.change_id if done.requested else 0

    async def decide(self, province: Province) -> None:
        """Approve or reject it."""
        if not self._change:
            return
        with identity.acting_as(person("wang")):
            if self._refused:
                why = _REASONS_AGAINST[self._campaign.place % len(_REASONS_AGAINST)]
                await province.changes.reject(self._change, reason=why)
            else:
                await province.changes.approve(self._change, note="已核")

    async def revert(self, province: Province) -> None:
        """Propose to revert it, and approve that."""
        if not self._change or self._refused:
            return
        with identity.acting_as(person("li")):
            done = await province.changes.revert(self._change, reason="误报较多，撤回后重新核实")
        record = getattr(done, "record", None)
        if record is not None:
            with identity.acting_as(person("wang")):
                await province.changes.approve(record.id)

    def _rows(self, now_s: int) -> ProposedRows:
        one, rows = self._campaign, len(self._means)
        return ProposedRows(
            patterns=[means.pattern for means in self._means],
            kinds=[int(means.kind) for means in self._means],
            actions=[int(Action.BLOCK)] * rows,
            directions=[int(Direction.BOTH)] * rows,
            fraud_types=[int(one.kind)] * rows,
            sources=[int(one.source)] * rows,
            expires_s=[now_s + _ENTRY_DAYS * 86_400] * rows,
            reasons=[f"{one.name}：群众举报，已核实"] * rows,
            legal_bases=[LAW] * rows,
            campaigns=[one.name] * rows,
            authors=[self._author] * rows,
        )


class _MonthlyImport:
    """The numbers that the ministry sends once a month."""

    def __init__(self, month: int) -> None:
        self._month = month

    async def step(self, province: Province) -> None:
        """Take the list of a month into ours."""
        first = 86_17098_000_000 + self._month * IMPORT_ROWS
        rows = IMPORT_ROWS
        kinds = np.random.default_rng(self._month).integers(1, 11, rows).tolist()
        now_s = province.clock.at_ms // 1000
        proposed = ProposedRows(
            patterns=[f"+{first + row}" for row in range(rows)],
            kinds=[int(EntryKind.NUMBER)] * rows,
            actions=[int(Action.BLOCK)] * rows,
            directions=[int(Direction.BOTH)] * rows,
            fraud_types=kinds,
            sources=[int(Source.MINISTRY)] * rows,
            expires_s=[now_s + _ENTRY_DAYS * 86_400] * rows,
            reasons=["部级涉案号码名单"] * rows,
            legal_bases=[LAW] * rows,
            authors=["zhou"] * rows,
        )
        with identity.acting_as(person("zhou")):
            done = await province.lists.update(
                proposed, [], ChangeTerms(author="zhou", reason="部级涉案号码月度名单"),
                ChangeKind.IMPORT,
            )  # fmt: skip
        if done.requested:
            with identity.acting_as(person("wang")):
                await province.changes.approve(done.requested.change_id)


async def _allow_public(province: Province) -> None:
    """Let some numbers of the public through, whatever models say of them."""
    patterns = [f"+8617097000{number:03}" for number in range(12)]
    rows = len(patterns)
    now_s = province.clock.at_ms // 1000
    proposed = ProposedRows(
        patterns=patterns,
        kinds=[int(EntryKind.NUMBER)] * rows,
        actions=[int(Action.ALLOW)] * rows,
        directions=[int(Direction.BOTH)] * rows,
        sources=[int(Source.BUREAU)] * rows,
        expires_s=[now_s + 800 * 86_400] * rows,
        reasons=["水务、供电、医院回访号码"] * rows,
        legal_bases=["《反电信网络诈骗法》第三十二条"] * rows,
        authors=["li"] * rows,
    )
    with identity.acting_as(person("li")):
        done = await province.lists.update(
            proposed, [], ChangeTerms(author="li", reason="公共服务号码放行")
        )
    if done.requested:
        with identity.acting_as(person("wang")):
            await province.changes.approve(done.requested.change_id)


async def count_hits(province: Province, campaigns: Sequence[FraudCampaign], end_ms: int) -> None:
    """Count how often each entry decided, and when last."""
    chance = np.random.default_rng(11)
    days_ms = {one.place: one.last_day for one in campaigns}
    by_day: dict[int, dict[str, int]] = {}
    for one in campaigns:
        for means in (*one.numbers, *one.hosts, *one.senders):
            hits = int(chance.geometric(0.004) * one.strength)
            by_day.setdefault(days_ms[one.place], {})[means.entry_id] = max(hits, 1)
    for day, counts in sorted(by_day.items()):
        last_s = (end_ms - (DAYS - 1 - day) * DAY_MS) // 1000
        await province.hits.add(HitCounts(counts=counts, last_s=last_s), last_s)
