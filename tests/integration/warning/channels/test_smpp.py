"""SMS through a real SMPP server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fanzha.errors import Unavailable
from services.warning.channels.channel import Outgoing, Receipt, ReceiptState
from services.warning.channels.smpp import SmppSender
from services.warning.channels.smpp_link import SmppEndpoint
from tests.support.external_servers import needed_message_centre
from tests.support.smsc import MessageCentre

CHINESE = "国家反诈提醒：您可能正在接听诈骗电话，请立即挂断，不要转账。如有疑问，请拨打96110。"


class Inbox:
    """Keeps receipts; the first few times it cannot."""

    def __init__(self, failures: int = 0) -> None:
        self.receipts: asyncio.Queue[Receipt] = asyncio.Queue()
        self.failures = failures

    async def keep(self, receipt: Receipt) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the store is away")
        await self.receipts.put(receipt)


@pytest.fixture
async def centre() -> AsyncIterator[MessageCentre]:
    async with needed_message_centre() as running:
        yield running


def a_message(text: str = CHINESE, number: int = 1) -> Outgoing:
    return Outgoing(message_id=f"m{number}", to=f"+861700000{number:04}", text=text)


@asynccontextmanager
async def sender(
    centre: MessageCentre,
    inbox: Inbox | None = None,
    *,
    answer_seconds: float = 20.0,
    enquire_seconds: float = 30.0,
    per_second: float = 1000.0,
) -> AsyncIterator[SmppSender]:
    where = SmppEndpoint(
        host="127.0.0.1",
        port=centre.port,
        system_id="fanzha",
        password="secret",
        answer_seconds=answer_seconds,
        enquire_seconds=enquire_seconds,
    )
    sending = SmppSender(
        where, source="96110", on_receipt=(inbox or Inbox()).keep, per_second=per_second
    )
    try:
        yield sending
    finally:
        await sending.close()


async def test_a_chinese_text_arrives_whole_in_one_part(centre: MessageCentre) -> None:
    async with sender(centre) as smpp:
        await smpp.ready()
        sent = await smpp.send(a_message())

        (got,) = await centre.wait_for("message")
    assert sent.accepted
    assert (got["text"], got["parts"], got["data_coding"]) == (CHINESE, 1, 8)
    assert (got["to"], got["from"]) == ("8617000000001", "96110")


@pytest.mark.parametrize("text", [CHINESE * 5, "Stop. Call 96110. {} € " * 20, "😀" * 100])
async def test_long_texts_are_reassembled(centre: MessageCentre, text: str) -> None:
    async with sender(centre) as smpp:
        await smpp.ready()
        sent = await smpp.send(a_message(text))

        (got,) = await centre.wait_for("message")
    assert got["text"] == text
    assert got["parts"] == len(sent.provider_ids) > 1


@pytest.mark.parametrize("form", ["text", "tlv"])
async def test_a_receipt_names_its_message(centre: MessageCentre, form: str) -> None:
    inbox = Inbox()
    await centre.order(receipts=form)
    async with sender(centre, inbox) as smpp:
        await smpp.ready()
        sent = await smpp.send(a_message())
        receipt = await inbox.receipts.get()

    assert (receipt.provider_id, receipt.state) == (sent.provider_ids[0], ReceiptState.DELIVERED)


async def test_a_receipt_that_cannot_be_stored_is_refused(centre: MessageCentre) -> None:
    async with sender(centre, Inbox(failures=1)) as smpp:
        await smpp.ready()
        await smpp.send(a_message())
        (receipted,) = await centre.wait_for("receipted")

    assert receipted["status"] == 0x64


async def test_a_throttling_centre_gets_every_message_once(centre: MessageCentre) -> None:
    await centre.order(throttle=2)
    async with sender(centre) as smpp:
        await smpp.ready()
        sent = await smpp.send(a_message())

        counts = await centre.counts()
    assert (sent.accepted, counts["messages"], smpp.slowed) == (True, 1, 2)


async def test_a_refusal_of_the_centre_is_reported(centre: MessageCentre) -> None:
    await centre.order(refuse=0x0B)
    async with sender(centre) as smpp:
        await smpp.ready()
        sent = await smpp.send(a_message())

    assert not sent.accepted
    assert sent.retry_after is None
    assert "Invalid Destination Address" in sent.error


async def test_an_unanswered_message_is_in_doubt(centre: MessageCentre) -> None:
    await centre.order(silent=True)
    async with sender(centre, answer_seconds=0.5) as smpp:
        await smpp.ready()
        sent = await smpp.send(a_message())

        await centre.wait_for("message")
        counts = await centre.counts()
    assert (sent.accepted, sent.in_doubt, sent.retry_after) == (False, True, None)
    assert counts["messages"] == 1


async def test_the_client_rebinds_after_a_disconnect(centre: MessageCentre) -> None:
    async with sender(centre) as smpp:
        await smpp.ready()
        await centre.hang_up()
        await centre.wait_for("bind", 2)
        await smpp.ready()
        sent = await smpp.send(a_message())

    assert sent.accepted
    assert smpp.connects == 2


async def test_messages_in_flight_at_a_disconnect_are_in_doubt(centre: MessageCentre) -> None:
    await centre.order(silent=True)
    async with sender(centre) as smpp:
        await smpp.ready()
        sending = asyncio.create_task(smpp.send(a_message()))
        await centre.wait_for("message")
        await centre.hang_up()
        sent = await sending

    assert sent.in_doubt


async def test_an_idle_connection_sends_enquire_link(centre: MessageCentre) -> None:
    async with sender(centre, enquire_seconds=0.1) as smpp:
        await smpp.ready()
        await centre.wait_for("enquiry", 2)

        assert smpp.connected


async def test_an_unanswered_enquire_link_makes_the_client_reconnect(centre: MessageCentre) -> None:
    async with sender(centre, enquire_seconds=0.1, answer_seconds=0.2) as smpp:
        await smpp.ready()
        await centre.order(silent=True)
        await centre.wait_for("bind", 2)

        assert smpp.connects >= 1


async def test_concurrent_messages_arrive_once_each(centre: MessageCentre) -> None:
    async with sender(centre) as smpp:
        await smpp.ready()
        sent = await asyncio.gather(*(smpp.send(a_message(number=n)) for n in range(300)))

        got = await centre.wait_for("message", 300)
    assert all(one.accepted for one in sent)
    assert len({line["to"] for line in got}) == len(got) == 300
