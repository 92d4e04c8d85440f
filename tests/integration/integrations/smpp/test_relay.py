"""The SMPP relay between two real implementations: npm smpp as ESME and as message centre."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support import smpp_pair
from tests.support.external_servers import skip_or_fail
from tests.support.processes import LEAN, Running, fanzha_up
from tests.support.smpp_pair import SmppPair, pdus_of
from tests.support.sms_traffic import (
    FRAUDSTER,
    HONEST,
    REFUSED,
    compare,
    receiver,
    split_link,
    submit,
    traffic,
)
from tests.support.smsc import NoMessageCentre

LATENT = {"latency": 5}
MO_REJECTED = 0x66
LABEL_TEXTS = """
[[treatment]]
channels = ["text"]
reasons = ["scored"]
treatment = "label"
label = "suspected_fraud"
because = "a relay may put it before a text"
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    treatments = folder / "treatments.toml"
    treatments.write_text(LABEL_TEXTS)
    settings = LEAN | smpp_pair.NO_HISTORY | {"FANZHA_TREATMENTS_FILE": str(treatments)}
    with fanzha_up(folder, workers=1, **settings) as running:
        smpp_pair.list_fraud(running)
        yield running


@asynccontextmanager
async def relayed(
    service: Running, folder: Path, centre: Mapping[str, object] | None = None, **settings: object
) -> AsyncIterator[SmppPair]:
    try:
        async with smpp_pair.relayed(
            service.interception, folder, centre, **{"timeout_ms": 10_000, **settings}
        ) as pair:
            yield pair
    except NoMessageCentre as error:
        skip_or_fail(str(error))


async def test_five_thousand_messages_with_fraud_lose_nothing(
    service: Running, tmp_path: Path
) -> None:
    messages = list(traffic(5000, 0.03))

    async with relayed(service, tmp_path, LATENT | {"receipts": 10}) as pair:
        ledger = await pair.send(pdus_of(messages), window=100)
        arrived = await pair.arrived()

    found = compare(messages, ledger.answers, arrived)
    assert found.faults() == {}
    assert found.refused == sum(len(message.pdus) for message in messages if message.fraud) > 100


async def test_a_link_across_two_parts_refuses_both(service: Running, tmp_path: Path) -> None:
    pdus = [*submit(1, "one"), *submit(2, split_link()), *submit(3, "three")]

    async with relayed(service, tmp_path) as pair:
        ledger = await pair.send(pdus)
        arrived = await pair.arrived()

    assert ledger.statuses == [0, REFUSED, REFUSED, 0]
    assert arrived == [(receiver(1), 1), (receiver(3), 1)]


async def test_a_client_of_one_at_a_time_gets_no_fraud_through_whole(
    service: Running, tmp_path: Path
) -> None:
    pdus = [*submit(1, split_link()), *submit(2, split_link()), *submit(3, split_link())]

    async with relayed(service, tmp_path, segment_hold_ms=200) as pair:
        ledger = await pair.send(pdus, window=1)
        assert pair.adapter is not None
        page = pair.adapter.metrics()

    # Each first part is harmless; the second is judged with it, and without it nothing is shown.
    assert ledger.statuses == [0, REFUSED] * 3
    assert 'result="part_by_part"} 3.0' in page


async def test_dropped_messages_are_acknowledged_and_go_nowhere(
    service: Running, tmp_path: Path
) -> None:
    pdus = [*submit(1, "hello", FRAUDSTER), *submit(2, "hello")]

    async with relayed(service, tmp_path, submit_policy="drop") as pair:
        ledger = await pair.send(pdus)
        arrived = await pair.arrived()
        assert pair.adapter is not None
        dropped = pair.adapter.counted(
            'fanzha_relay_messages_total{adapter="smpp",direction="submit",result="dropped"}'
        )

    assert ledger.statuses == [0, 0]
    assert ledger.ids[0] not in {"", "0000000000000000"}
    assert arrived == [(receiver(2), 1)]
    assert dropped == 1


async def test_mobile_originated_texts_are_judged_and_receipts_are_not(
    service: Running, tmp_path: Path
) -> None:
    def delivery(source: str, esm_class: int, number: int) -> dict[str, object]:
        return {
            "source_addr": source.removeprefix("+"), "source_addr_ton": 1, "esm_class": esm_class,
            "destination_addr": "10690000", "user_message_reference": number,
            "hex": b"id:1 stat:DELIVRD".hex(),
        }  # fmt: skip

    deliveries = [delivery(HONEST, 0, 1), delivery(FRAUDSTER, 0, 2), delivery(FRAUDSTER, 4, 3)]
    async with (
        relayed(service, tmp_path, {"deliver": deliveries}) as pair,
        pair.sending([], stay=True) as esme,
    ):
        statuses = [one["status"] for one in await pair.centre.wait_for("delivered", 3)]
        told = await esme.wait_for("delivery", 2)

    assert sorted(statuses) == [0, 0, MO_REJECTED]
    assert [one["esm_class"] for one in told] == [0, 4]


async def test_a_label_goes_before_short_texts_where_that_is_wanted(
    service: Running, tmp_path: Path
) -> None:
    # The honest sender of the other tests sends listed links, so its texts are related to fraud.
    texts = ["晚上一起吃饭吗", "hello", "长" * 80]
    pdus = [pdu for at, text in enumerate(texts) for pdu in submit(at, text, "+8619955550199")]

    async with relayed(service, tmp_path, label_texts=True) as pair:
        await pair.send(pdus)
        sent = [text for *_, text in (await pair.ledger())["submitted"]]

    # GSM 7-bit has no Chinese characters, and parts have no room.
    assert sent == ["[疑似诈骗] 晚上一起吃饭吗", "hello", "长" * 66, "长" * 14]


async def test_one_blocked_receiver_of_several_refuses_the_message(
    service: Running, tmp_path: Path
) -> None:
    def several(text: bytes, source: str) -> dict[str, object]:
        receivers = [{"dest_addr_ton": 1, "destination_addr": receiver(at)} for at in (1, 2)]
        return {
            "command": "submit_multi", "source_addr": source[1:], "source_addr_ton": 1,
            "dest_address": receivers, "data_coding": 0, "hex": text.hex(),
        }  # fmt: skip

    async with relayed(service, tmp_path) as pair:
        ledger = await pair.send([several(b"hello", HONEST), several(b"hello", FRAUDSTER)])
        others = (await pair.ledger())["others"]

    assert ledger.statuses == [0, REFUSED]
    assert [name for name, _ in others] == ["submit_multi"]


async def test_credentials_pass_and_a_wrong_password_is_refused(
    service: Running, tmp_path: Path
) -> None:
    async with relayed(service, tmp_path, {"password": "right"}) as pair:
        async with pair.sending([], password="wrong", system_id="bank") as esme:
            refused = await esme.wait_for("refused")
        ledger = await pair.send(submit(1, "hello"), password="right", system_id="bank")
        binds = (await pair.ledger())["binds"]
        log = (tmp_path / "smpp.log").read_text()

    assert refused[0]["status"] == 0x0E
    assert ledger.statuses == [0]
    assert [bind[1:] for bind in binds] == [
        ["bind_transceiver", "bank", "wrong"],
        ["bind_transceiver", "bank", "right"],
    ]
    assert "right" not in log


async def test_throttling_of_the_message_centre_reaches_the_client(
    service: Running, tmp_path: Path
) -> None:
    pdus = pdus_of(list(traffic(100, 0.0)))

    async with relayed(service, tmp_path, {"throttle": 10}, window=7) as pair:
        ledger = await pair.send(pdus, window=50)
        arrived = await pair.arrived()

    throttled = [at for at, status in ledger.answers if status == 0x58]
    assert len(throttled) == len(pdus) // 10
    assert len(arrived) == len(pdus) - len(throttled)


async def test_other_operations_pass_unchanged(service: Running, tmp_path: Path) -> None:
    common = {"source_addr": "10690000", "message_id": "abc"}
    pdus = [{"command": name, **common} for name in ("query_sm", "cancel_sm", "replace_sm")]
    data = {"command": "data_sm", "source_addr": "1", "destination_addr": "2", "payload": "6869"}

    async with relayed(service, tmp_path) as pair:
        ledger = await pair.send([*pdus, data])
        others = (await pair.ledger())["others"]

    assert ledger.statuses == [0, 0, 0, 0]
    assert [name for name, _ in others] == ["query_sm", "cancel_sm", "replace_sm", "data_sm"]


async def test_a_killed_relay_has_acknowledged_nothing_that_is_lost(
    service: Running, tmp_path: Path
) -> None:
    # So many that some are unanswered, however late the relay is killed.
    messages = list(traffic(10_000, 0.03, seed=2))

    async with relayed(service, tmp_path, LATENT) as pair:
        assert pair.adapter is not None
        async with pair.sending(pdus_of(messages), window=100) as esme:
            await esme.wait_for("progress", 1)
            pair.adapter.process.kill()
            done = await esme.wait_for("done")
        arrived = await pair.arrived()

    found = compare(messages, pair.esme_ledger().answers, arrived)
    assert done[0]["closed"]
    assert found.faults(killed=True) == {}
    assert found.unanswered > 0
    assert found.acknowledged >= 900


async def test_an_orderly_end_answers_what_is_under_way_and_unbinds(
    service: Running, tmp_path: Path
) -> None:
    messages = list(traffic(10_000, 0.0, seed=3))

    async with relayed(service, tmp_path, {"latency": 50}) as pair:
        assert pair.adapter is not None
        async with pair.sending(pdus_of(messages), window=50) as esme:
            await esme.wait_for("progress", 1)
            pair.adapter.process.terminate()
            await esme.wait_for("unbind")
            await esme.wait_for("closed")
        arrived = await pair.arrived()

    answers = pair.esme_ledger().answers
    accepted = [at for at, status in answers if status == 0]
    assert len(accepted) == len(arrived)
    assert {status for _, status in answers} <= {0, 0x58}
