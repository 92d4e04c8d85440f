from pathlib import Path

import pytest

from fanzha.v1 import decision_log_pb2 as pb
from fanzha.v1 import decision_pb2
from services.console.today import figures
from services.console.today.figures import HOUR_MS
from services.decision_log.traffic.rollup import TrafficRollup
from services.rpc.decision_log import messages
from tests.support.builders import an_entry, some_calls, some_links
from tests.support.decision_logs import NOW_MS, logged

FRAUD, OTHER, ANN = "+8617000000123", "+8619900000007", "+8619900000001"


@pytest.fixture
def found(tmp_path: Path) -> pb.GetTrafficResponse:
    """Count two hours of a log that real decisions made, as the service answers it."""
    log = logged(tmp_path)
    log.clock.now_ms = NOW_MS - HOUR_MS
    log.decide(some_calls(OTHER, OTHER, callee=ANN))
    log.clock.now_ms = NOW_MS
    log.decide(some_calls(FRAUD, FRAUD, OTHER, callee=ANN), an_entry(FRAUD))
    log.decide(some_links("http://else.test/", subscriber=ANN))
    rollup = TrafficRollup(log.folder)
    return messages.traffic(rollup.summary(NOW_MS - HOUR_MS, NOW_MS + HOUR_MS, bucket_ms=HOUR_MS))


def test_traffic_and_blocks_of_real_decisions_are_counted(found: pb.GetTrafficResponse) -> None:
    shown = figures.of(found, HOUR_MS)

    assert [(one.channel, one.events, one.blocked) for one in shown.channels] == [
        (decision_pb2.CHANNEL_CALL, 5, 2),
        (decision_pb2.CHANNEL_TEXT, 0, 0),
        (decision_pb2.CHANNEL_LINK, 1, 0),
    ]
    assert (shown.events, shown.blocked) == (6, 2)
    assert shown.channels[0].share == pytest.approx(0.4)
    assert shown.channels[1].share is None


def test_blocks_have_reason_and_share(found: pb.GetTrafficResponse) -> None:
    (block,) = figures.of(found, HOUR_MS).blocks

    assert (block.reason, block.events, block.share) == (decision_pb2.REASON_BLOCKLISTED, 2, 1.0)


def test_series_have_no_gaps(found: pb.GetTrafficResponse) -> None:
    shown = figures.of(found, HOUR_MS)

    assert shown.starts_ms == [NOW_MS - HOUR_MS, NOW_MS]
    assert shown.series[decision_pb2.CHANNEL_CALL] == [2, 3]
    assert shown.series[decision_pb2.CHANNEL_LINK] == [0, 1]
    assert shown.series[0] == [0, 2]


def test_rare_reasons_are_counted_as_left_out() -> None:
    channels, kinds = decision_pb2.Channel.values()[1:3], decision_pb2.FraudType.values()[:10]
    many = [
        pb.TrafficCount(
            action=decision_pb2.ACTION_BLOCK, channel=channel, fraud_type=kind, events=1
        )
        for channel in channels
        for kind in kinds
    ][:15]

    shown = figures.of(pb.GetTrafficResponse(by_reason=many), HOUR_MS)

    assert len(shown.blocks) + shown.blocks_left_out == 15
    assert shown.blocks_left_out == 3


def test_monitored_traffic_is_told_apart() -> None:
    held = pb.TrafficCount(
        action=decision_pb2.ACTION_ALLOW,
        channel=decision_pb2.CHANNEL_CALL,
        reason=decision_pb2.REASON_SCORED,
        monitored=True,
        events=7,
    )

    shown = figures.of(pb.GetTrafficResponse(by_reason=[held]), HOUR_MS)

    assert (shown.blocked, shown.monitored) == (0, 7)
    assert shown.blocks[0].monitored
