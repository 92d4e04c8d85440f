"""Warnings to Kafka: to the broker that librdkafka brings for tests, and to none."""

import pytest

from services.warning.channels.channel import Outgoing
from services.warning.channels.kafka import KafkaSender

pytest.importorskip("confluent_kafka", reason="the extra kafka is not installed")

MESSAGE = Outgoing(message_id="c.1", to="+8617000000001", text="警惕诈骗", case_id="c")


async def test_a_record_is_acknowledged_with_partition_and_offset() -> None:
    # A broker inside librdkafka: it speaks the protocol, and keeps nothing for others to read.
    kafka = KafkaSender("", "warnings", options={"test.mock.num.brokers": 3})
    try:
        first, second = await kafka.send(MESSAGE), await kafka.send(MESSAGE)
    finally:
        await kafka.close()

    assert first.accepted
    assert second.accepted
    assert first.provider_ids != second.provider_ids
    assert first.provider_ids[0].startswith("warnings/")


async def test_without_a_broker_a_record_is_in_doubt_and_resent() -> None:
    kafka = KafkaSender("127.0.0.1:1", "warnings", timeout_ms=500, options={"log_level": 0})
    try:
        sent = await kafka.send(MESSAGE)
    finally:
        await kafka.close()

    assert not sent.accepted
    assert sent.in_doubt
    assert kafka.repeatable
