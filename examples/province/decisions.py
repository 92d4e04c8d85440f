"""Logs the decisions of the province: batches of rows as workers cut them, written hour by hour.

What was let through stands for a hundred; what was blocked for itself. So about half of the logged
rows are blocks, although one call in a hundred is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from blocklists.entries import EntryKind
from examples.province import places
from examples.province.campaigns import CampaignMeans, FraudCampaign, active
from fanzha.decisions import Action, Detail, MatchedOn, Reason
from fanzha.phone import sender_hash
from fanzha.tables import Attestation, Channel, Ingress, Int64s, Uint8s
from services.decision.ids import DecisionIds
from services.decision_log.buffer import LogBuffer
from services.decision_log.rows import LoggedRows
from services.decision_log.writer import LogWriter

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
BATCH_ROWS = 64
WEIGHT = 100
_THRESHOLD = 0.9
_HOUR_WEIGHTS = np.array(
    [2, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 9, 7, 8, 10, 10, 9, 8, 7, 8, 8, 7, 5, 3], np.float64
)
"""Traffic by hour of the day in China."""
_CHINA_HOURS = 8
_SHARES = {Channel.CALL: 0.5, Channel.TEXT: 0.35, Channel.LINK: 0.15}


_PLAIN: dict[str, Any] = {
    "text_urls": (),
    "text_owners": np.zeros(0, np.int64),
    "trunks": (),
    "activity_places": np.zeros(0, np.int64),
    "activity": np.zeros((14, 0), np.float32),
    "held": None,
    "would_block": {},
    "threshold": _THRESHOLD,
    "monitored": None,
    "list_version": 1,
    "velocity_version": "",
    "link_version": "",
    "velocity_threshold": None,
    "policy_version": 0,
    "settings": "",
}
"""What all batches have alike, or leave out."""


class RowKind(NamedTuple):
    """A way to be decided, and its share among logged rows."""

    reason: Reason
    action: Action
    share: float


_KINDS: dict[Channel, tuple[RowKind, ...]] = {
    Channel.CALL: (
        RowKind(Reason.BLOCKLISTED, Action.BLOCK, 0.3),
        RowKind(Reason.SCORED, Action.BLOCK, 0.11),
        RowKind(Reason.VELOCITY, Action.BLOCK, 0.03),
        RowKind(Reason.IMPLAUSIBLE, Action.BLOCK, 0.04),
        RowKind(Reason.REVIEW, Action.ALLOW, 0.01),
        RowKind(Reason.PROTECTED, Action.ALLOW, 0.01),
        RowKind(Reason.ALLOWLISTED, Action.ALLOW, 0.02),
        RowKind(Reason.SCORED, Action.ALLOW, 0.48),
    ),
    Channel.TEXT: (
        RowKind(Reason.BLOCKLISTED, Action.BLOCK, 0.26),
        RowKind(Reason.SCORED, Action.BLOCK, 0.18),
        RowKind(Reason.SPAM, Action.BLOCK, 0.05),
        RowKind(Reason.UNREGISTERED, Action.BLOCK, 0.03),
        RowKind(Reason.LINK_SCORED, Action.BLOCK, 0.03),
        RowKind(Reason.REVIEW, Action.ALLOW, 0.01),
        RowKind(Reason.SCORED, Action.ALLOW, 0.44),
    ),
    Channel.LINK: (
        RowKind(Reason.BLOCKLISTED, Action.BLOCK, 0.32),
        RowKind(Reason.SCORED, Action.BLOCK, 0.2),
        RowKind(Reason.SCORED, Action.ALLOW, 0.48),
    ),
}
_EVIDENCE = {
    Channel.CALL: MatchedOn.CALLER,
    Channel.TEXT: MatchedOn.SENDER,
    Channel.LINK: MatchedOn.LINK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlan:
    """How many rows are logged over which time."""

    rows: int
    days: int
    """So many days, the last of which is that of `until_ms`."""
    until_ms: int
    hours: Callable[[int], Sequence[int]]
    """Hours (UTC) with rows, of a day that was so many days ago."""
    bodies_days: int = 0
    """Texts of so many last days are kept with what they say."""


@dataclass(slots=True)
class LogCounts:
    """Counts of the writer."""

    written: int = 0
    bytes: int = 0
    lost: int = 0

    def log_buffered(self, _rows: int) -> None:
        """Ignore what waits."""

    def log_dropped(self, rows: int) -> None:
        """Count rows that found no room."""
        self.lost += rows

    def log_written(self, rows: int, size: int) -> None:
        """Count rows written."""
        self.written += rows
        self.bytes += size

    def log_failed(self, rows: int) -> None:
        """Count rows that could not be written."""
        self.lost += rows


def demo_hours(age: int) -> Sequence[int]:
    """Return fewer hours the longer ago: a query opens each file of its time."""
    if age <= 2:  # noqa: PLR2004 - today and the two days before are whole
        return range(24)
    return (1, 3, 7, 9, 12, 14) if age <= 14 else (3,)  # noqa: PLR2004


def every_hour(_age: int) -> Sequence[int]:
    """Return all hours."""
    return range(24)


def write_log(
    root: Path, campaigns: Sequence[FraudCampaign], plan: LogPlan, *, seed: int
) -> Iterator[LogCounts]:
    """Write the log; yield the counts after each day."""
    chance = np.random.default_rng(seed)
    ids = DecisionIds(lambda bits: int(chance.integers(1, 2**bits)))
    counts = LogCounts()
    clock = iter(range(plan.until_ms, plan.until_ms + 10**12))
    buffer = LogBuffer(4_000_000, counts)
    writer = LogWriter(buffer, root, flush_seconds=60, now_ms=lambda: next(clock), counters=counts)
    midnight = plan.until_ms // DAY_MS * DAY_MS
    weights = _day_weights(plan.days, chance)
    made = _RowMaker(chance, ids)
    for day in range(plan.days):
        age = plan.days - 1 - day
        start = midnight - age * DAY_MS
        now_active = active(tuple(campaigns), 729 - age)
        for hour, rows in _rows_by_hour(plan.hours(age), weights[day] * plan.rows):
            at = start + hour * HOUR_MS
            if at >= plan.until_ms:
                continue
            end = min(at + HOUR_MS, plan.until_ms)
            for channel, share in _SHARES.items():
                with_bodies = channel is Channel.TEXT and age < plan.bodies_days
                for batch in made.hour(channel, now_active, round(rows * share), (at, end),
                                       with_bodies=with_bodies):  # fmt: skip
                    buffer.offer(batch)
        writer.flush()
        yield counts


def _day_weights(days: int, chance: np.random.Generator) -> places.Float64s:
    """Return the share of each day: slow growth, fewer at weekends, some noise."""
    place = np.arange(days)
    weights = (0.7 + 0.6 * place / max(days, 1)) * np.where(place % 7 >= 5, 0.75, 1.0)  # noqa: PLR2004
    weights *= chance.normal(1.0, 0.08, days).clip(0.6, 1.4)
    shares: places.Float64s = weights / weights.sum()
    return shares


def _rows_by_hour(hours: Sequence[int], rows: float) -> Iterator[tuple[int, float]]:
    weights = _HOUR_WEIGHTS[[(hour + _CHINA_HOURS) % 24 for hour in hours]]
    for hour, weight in zip(hours, weights / weights.sum(), strict=True):
        yield hour, float(rows * weight)


class _RowMaker:
    """Makes batches of rows."""

    def __init__(self, chance: np.random.Generator, ids: DecisionIds) -> None:
        self._chance = chance
        self._ids = ids

    def hour(
        self,
        channel: Channel,
        campaigns: Sequence[FraudCampaign],
        rows: int,
        time: tuple[int, int],
        *,
        with_bodies: bool,
    ) -> Iterator[LoggedRows]:
        """Make the batches of one channel between two moments."""
        batches = max(1, -(-rows // BATCH_ROWS)) if rows else 0
        times = np.sort(self._chance.integers(*time, batches)).tolist()
        strengths = np.array([one.strength for one in campaigns])
        drawn = self._chance.choice(len(campaigns), rows, p=strengths / strengths.sum())
        for place, at in enumerate(times):
            some = drawn[place::batches]
            yield self._batch(channel, [campaigns[one] for one in some.tolist()], at, with_bodies)

    def _batch(
        self, channel: Channel, campaigns: Sequence[FraudCampaign], at: int, with_bodies: bool
    ) -> LoggedRows:
        chance, rows = self._chance, len(campaigns)
        answers = self._answers(channel, rows)
        blocked = answers["actions"] == Action.BLOCK
        listed = (answers["reasons"] == Reason.BLOCKLISTED) & blocked
        fraud = [one if bad else None for one, bad in zip(campaigns, blocked.tolist(), strict=True)]
        means = [_drawn(chance, one.means(channel)) if one else None for one in fraud]
        from_keys, names = self._parties(channel, fraud, means)
        hot = np.array([one.hot for one in campaigns])
        return LoggedRows(
            channel=channel,
            rows=np.arange(rows),
            first_id=self._ids.reserve(rows),
            from_keys=np.zeros(rows, np.int64) if channel is Channel.LINK else from_keys,
            to_keys=places.number_keys(chance, _victims(chance, hot, fraud=blocked)),
            occurred_at_ms=np.full(rows, at, np.int64) - chance.integers(1, 400, rows),
            ingress=_ingress(chance, fraud),
            names=names,
            urls=_urls(fraud, chance) if channel is Channel.LINK else (),
            bodies=_bodies(fraud, chance) if with_bodies else (),
            weights=np.where(blocked, 1, WEIGHT).astype(np.uint32),
            details={
                row: _detail(fraud[row], means[row], channel, listed=bool(listed[row]))
                for row in np.flatnonzero(blocked).tolist()
            },
            carriers=[(("cmcc", "cucc", "ctcc")[int(chance.integers(3))], rows)],
            model_version=f"{channel.name.lower()}-demo",
            decided_at_ms=at,
            **answers,
            **_PLAIN,
        )

    def _answers(self, channel: Channel, rows: int) -> dict[str, Any]:
        """Draw how rows were decided: columns of `LoggedRows`."""
        chance, kinds = self._chance, _KINDS[channel]
        shares = np.array([one.share for one in kinds])
        chosen = chance.choice(len(kinds), rows, p=shares / shares.sum())
        actions = np.array([one.action for one in kinds], np.uint8)[chosen]
        high, low = chance.uniform(_THRESHOLD, 1, rows), chance.beta(1.2, 14, rows)
        attested = [0, Attestation.FULL, Attestation.GATEWAY]
        return {
            "actions": actions,
            "reasons": np.array([one.reason for one in kinds], np.uint8)[chosen],
            "scores": np.where(actions == Action.BLOCK, high, low).astype(np.float32),
            "attestations": chance.choice(attested, rows).astype(np.uint8),
        }

    def _parties(
        self,
        channel: Channel,
        fraud: Sequence[FraudCampaign | None],
        means: Sequence[CampaignMeans | None],
    ) -> tuple[Int64s, dict[int, str]]:
        """Return who called or wrote: people, unless a campaign did."""
        keys = places.number_keys(self._chance, places.draw_places(self._chance, len(fraud)))
        names: dict[int, str] = {}
        if channel is Channel.LINK:
            return keys, names
        for row, (campaign, one) in enumerate(zip(fraud, means, strict=True)):
            if campaign is None or one is None:
                continue
            if one.kind is EntryKind.SENDER:
                names[row] = one.pattern
                keys[row] = sender_hash(one.pattern)
            else:
                party = one if one.kind is EntryKind.NUMBER else campaign.numbers[-1]
                keys[row] = int(party.pattern[1:])
        return keys, names


def _victims(chance: np.random.Generator, hot: Int64s, *, fraud: np.ndarray) -> Int64s:
    """Return the counties of the receivers: half of those of fraud live around the hot spot."""
    drawn = places.draw_places(chance, len(hot))
    near = fraud & (chance.random(len(hot)) < 0.4)  # noqa: PLR2004
    found: Int64s = np.where(near, hot, drawn)
    return found


def _drawn(chance: np.random.Generator, some: Sequence[CampaignMeans]) -> CampaignMeans:
    return some[int(chance.integers(len(some)))]


def _detail(
    campaign: FraudCampaign | None, means: CampaignMeans | None, channel: Channel, *, listed: bool
) -> Detail:
    if campaign is None or means is None:
        return Detail()
    if not listed:
        return Detail(fraud_type=campaign.kind)
    return Detail(
        entry_id=means.entry_id,
        matched_on=MatchedOn.LINK if means.kind is EntryKind.HOST else _EVIDENCE[channel],
        pattern=means.pattern,
        source=int(campaign.source),
        campaign=campaign.name,
        fraud_type=campaign.kind,
    )


def _ingress(chance: np.random.Generator, fraud: Sequence[FraudCampaign | None]) -> Uint8s:
    ways = chance.choice([Ingress.LOCAL, Ingress.INTERCONNECT], len(fraud)).astype(np.uint8)
    abroad = [bool(one and one.abroad) for one in fraud]
    return np.where(abroad, np.uint8(Ingress.INTERNATIONAL), ways).astype(np.uint8)


def _urls(fraud: Sequence[FraudCampaign | None], chance: np.random.Generator) -> list[str]:
    tokens = chance.integers(0, 4000, len(fraud)).tolist()
    return [
        f"{one.hosts[token % 3].pattern}/{token:x}" if one else f"site-{token % 900}.example/"
        for one, token in zip(fraud, tokens, strict=True)
    ]


ORDINARY = ("妈，我到家了，勿念。", "明天下午三点开会，地点不变。", "晚上一起吃饭吧，老地方见。")


def _bodies(fraud: Sequence[FraudCampaign | None], chance: np.random.Generator) -> list[str]:
    tokens = chance.integers(0, 16**6, len(fraud)).tolist()
    return [
        one.text(token) if one else ORDINARY[token % 3]
        for one, token in zip(fraud, tokens, strict=True)
    ]
