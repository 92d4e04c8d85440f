"""The traffic of a period in figures: totals, shares, reasons, and series for a chart."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fanzha.v1 import decision_log_pb2 as pb
from fanzha.v1 import decision_pb2

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
CHANNELS = (decision_pb2.CHANNEL_CALL, decision_pb2.CHANNEL_TEXT, decision_pb2.CHANNEL_LINK)
_MOST_REASONS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFigures:
    """The traffic of one channel."""

    channel: int
    events: int
    blocked: int

    @property
    def share(self) -> float | None:
        """Part that was blocked; None without traffic."""
        return self.blocked / self.events if self.events else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockReason:
    """Blocks, or marks, that have a reason and kind of fraud in common."""

    channel: int
    reason: int
    fraud_type: int
    monitored: bool
    events: int
    share: float
    """Part of all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficFigures:
    """What the page shows of the traffic of a period."""

    channels: Sequence[ChannelFigures]
    blocks: Sequence[BlockReason]
    """The most first."""
    blocks_left_out: int
    """Further reasons, which are not shown."""
    monitored: int
    """Let through only because a carrier monitors the channel."""
    starts_ms: Sequence[int]
    """Where each bucket of time begins, without gaps."""
    series: Mapping[int, Sequence[int]]
    """Events of each bucket by channel; 0 is the blocked ones of all."""
    torn: int

    @property
    def events(self) -> int:
        """All traffic."""
        return sum(one.events for one in self.channels)

    @property
    def blocked(self) -> int:
        """All that was blocked."""
        return sum(one.blocked for one in self.channels)


def of(found: pb.GetTrafficResponse, bucket_ms: int) -> TrafficFigures:
    """Return the figures of an answer, whose buckets have *bucket_ms*."""
    blocked = [one for one in found.by_reason if one.action == decision_pb2.ACTION_BLOCK]
    held = [one for one in found.by_reason if one.monitored]
    stopped = [*blocked, *held]
    total = sum(one.events for one in stopped)
    starts = _starts(found, bucket_ms)
    return TrafficFigures(
        channels=[_channel(found.by_reason, channel) for channel in CHANNELS],
        blocks=[_reason(one, total) for one in stopped[:_MOST_REASONS]],
        blocks_left_out=max(0, len(stopped) - _MOST_REASONS),
        monitored=sum(one.events for one in held),
        starts_ms=starts,
        series=_series(found.by_time, starts),
        torn=len(found.torn),
    )


def _channel(counts: Iterable[pb.TrafficCount], channel: int) -> ChannelFigures:
    mine = [one for one in counts if one.channel == channel]
    return ChannelFigures(
        channel=channel,
        events=sum(one.events for one in mine),
        blocked=sum(one.events for one in mine if one.action == decision_pb2.ACTION_BLOCK),
    )


def _reason(one: pb.TrafficCount, total: int) -> BlockReason:
    return BlockReason(
        channel=one.channel,
        reason=one.reason,
        fraud_type=one.fraud_type,
        monitored=one.monitored,
        events=one.events,
        share=one.events / total if total else 0.0,
    )


def _starts(found: pb.GetTrafficResponse, bucket_ms: int) -> list[int]:
    first = found.since_ms - found.since_ms % bucket_ms
    return list(range(first, found.until_ms, bucket_ms))


def _series(counts: Iterable[pb.TrafficCount], starts: Sequence[int]) -> dict[int, Sequence[int]]:
    sums: Counter[tuple[int, int]] = Counter()
    for one in counts:
        sums[one.channel, one.start_ms] += one.events
        if one.action == decision_pb2.ACTION_BLOCK:
            sums[0, one.start_ms] += one.events
    return {channel: [sums[channel, start] for start in starts] for channel in (*CHANNELS, 0)}
