"""People who have paid, handed to a real HTTP endpoint: once, with a receipt, through outages."""

import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from standardwebhooks.webhooks import Webhook

from fanzha.errors import Unavailable
from infra.redis.client import Client, connect
from infra.redis.dead_letters import DeadLetters
from services.settings.settings import Settings
from services.warning import keys
from services.warning.cases.events import (
    CaseEvent,
    CaseOutcome,
    EventKind,
    HeardReply,
    StopPaymentStep,
)
from services.warning.cases.model import Case
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore, Decide
from services.warning.dispatch import outbox_relay
from services.warning.dispatch.outbox_relay import OutboxRelay, PlainComposer
from services.warning.intake.service import WarningIntake
from services.warning.robot.outcome_events import outcome_events, said
from services.warning.robot.script import RobotOutcome
from services.warning.stop_payment import wiring
from services.warning.stop_payment.payment_file import file_id
from services.warning.stop_payment.wiring import StopPaymentRuntime
from tests.support.case_desk import Record
from tests.support.warnings import NOW_MS, a_warning
from tests.support.webhook_endpoint import SECRET, Endpoint, an_endpoint

MINUTE_MS = 60_000


@dataclass
class Hall:
    """A pipeline as far as the hand-over needs it."""

    client: Client
    cases: CaseStore
    settings: Settings
    record: Record
    registry: CollectorRegistry
    runtime: StopPaymentRuntime
    endpoint: Endpoint
    clock: list[int]

    def started(self, cases: CaseStore | None = None, **settings: Any) -> None:
        """Build the hand-over anew, as another process does."""
        self.registry = CollectorRegistry()
        runtime = wiring.build(
            self.settings.model_copy(update=settings),
            self.client,
            cases=cases or self.cases,
            audit=self.record,
            dead=DeadLetters(self.client, keys.DEAD_LETTERS),
            name="test",
            registry=self.registry,
            now_ms=lambda: self.clock[0],
        )
        assert runtime is not None
        self.runtime = runtime

    async def opened(self, number: int = 1) -> str:
        """Open a case of a person."""
        intake = WarningIntake(
            client=self.client, store=self.cases, router=PlainRouter(), now_ms=lambda: NOW_MS
        )
        (one,) = await intake.ingest([a_warning(number)])
        return one.case_id

    async def says(self, case_id: str, text: str, outcome: RobotOutcome | None = None) -> Case:
        """Let the person say something that is understood as *outcome*; relay what follows."""
        reply = HeardReply(text=text, meaning="paid", before="warned", after="paid")
        case = await self.cases.change(
            case_id,
            lambda case: [said(reply, NOW_MS), *outcome_events(case, outcome, NOW_MS)],
        )
        await self.relay()
        return case

    async def relay(self) -> None:
        """Carry outbox tasks to their streams."""
        relay = OutboxRelay(
            client=self.client,
            store=self.cases,
            composer=PlainComposer(),
            now_ms=lambda: NOW_MS,
        )
        for consumer in outbox_relay.consumers(
            self.client, relay, consumer="test", dead=DeadLetters(self.client, keys.DEAD_LETTERS),
            now_ms=lambda: NOW_MS, claim_ms=30_000, block_ms=0,
        ):  # fmt: skip
            await consumer.run()

    async def step(self) -> None:
        """Handle what is in the stream."""
        await self.runtime.consumer.step()

    def figure(self, name: str) -> float:
        """Return the value of a metric."""
        return float(self.registry.get_sample_value(name) or 0)


class ProcessDied(BaseException):
    """Stands for the end of a process."""


class DyingStore(CaseStore):
    """A store whose process ends before it writes an event."""

    async def change(self, case_id: str, decide: Decide) -> Case:
        raise ProcessDied


@pytest.fixture
async def hall(redis_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    secrets = tmp_path / "secrets"
    secrets.write_text(f"{SECRET}\n")
    client = connect(redis_url)
    async with an_endpoint() as endpoint:
        settings = Settings(
            redis_url=redis_url,
            data_dir=tmp_path,
            warning_stop_payment_url=endpoint.url,
            warning_stop_payment_secrets_file=secrets,
            warning_stop_payment_networks="127.0.0.0/8",
        )
        found = Hall(
            client=client, cases=CaseStore(client), settings=settings, record=Record(),
            registry=CollectorRegistry(), runtime=None, endpoint=endpoint, clock=[NOW_MS],  # type: ignore[arg-type]
        )  # fmt: skip
        found.started()
        yield found
        await found.runtime.close()
    await client.aclose()


async def test_who_has_paid_is_handed_over_signed_and_the_receipt_is_in_the_case(
    hall: Hall,
) -> None:
    hall.endpoint.status, hall.endpoint.body = 200, b'{"receipt": "ZF-7"}'
    case_id = await hall.opened()
    await hall.says(case_id, "已经转了5000元", RobotOutcome.PAID)

    await hall.step()

    ((headers, body),) = hall.endpoint.got
    event = Webhook(SECRET).verify(body, headers)
    assert event["type"] == "fanzha.stop_payment.v1"
    assert event["data"]["amounts_said_fen"] == [500_000]
    assert event["data"]["number"] == "+8617000000001"
    case = await hall.cases.get(case_id)
    assert (case.stop_payment, case.stop_payment_receipt) == (StopPaymentStep.RECEIVED, "ZF-7")
    assert [(one[1], one[3]["what"]) for one in hall.record.said] == [
        (f"case:{case_id}", "stop_payment")
    ]


async def test_who_says_it_again_is_handed_over_once_also_by_another_process(hall: Hall) -> None:
    case_id = await hall.opened()
    await hall.says(case_id, "已经转了", RobotOutcome.PAID)
    await hall.step()
    await hall.runtime.close()
    hall.started()

    await hall.says(case_id, "又转了", RobotOutcome.PAID)
    # As if the relay had died before it acknowledged its task.
    await hall.client.xadd(keys.STOP_PAYMENTS, {"case_id": case_id})
    await hall.step()

    assert len(hall.endpoint.got) == 1
    assert (await hall.cases.get(case_id)).stop_payment is StopPaymentStep.SENT


async def test_a_process_that_dies_before_its_record_repeats_under_the_same_id(hall: Hall) -> None:
    case_id = await hall.opened()
    await hall.says(case_id, "已经转了", RobotOutcome.PAID)
    await hall.runtime.close()
    hall.started(DyingStore(hall.client))

    with pytest.raises(ProcessDied):
        await hall.step()
    await hall.runtime.close()
    hall.started(warning_claim_ms=1)
    await hall.step()

    ids = [headers["webhook-id"] for headers, _ in hall.endpoint.got]
    assert ids == [file_id(case_id)] * 2


async def test_an_outage_of_the_desk_loses_none_and_alarms(hall: Hall) -> None:
    hall.endpoint.status = 503
    case_id = await hall.opened()
    await hall.says(case_id, "已经转了", RobotOutcome.PAID)

    for _ in range(2):
        with pytest.raises(Unavailable):
            await hall.step()
    hall.clock[0] = NOW_MS + 31 * MINUTE_MS
    await hall.runtime.metrics.refresh()
    overdue = hall.figure("fanzha_warning_stop_payments_overdue")
    hall.endpoint.status = 204
    await hall.step()
    await hall.runtime.metrics.refresh()

    assert overdue == 1
    assert (await hall.cases.get(case_id)).stop_payment is StopPaymentStep.SENT
    assert hall.figure("fanzha_warning_stop_payments_waiting") == 1
    assert len(hall.record.said) == 1


async def test_a_desk_that_is_not_there_is_an_outage(hall: Hall) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, and not listening: nobody else takes the port
        await hall.runtime.close()
        hall.started(warning_stop_payment_url=f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        case_id = await hall.opened()
        await hall.says(case_id, "已经转了", RobotOutcome.PAID)

        with pytest.raises(Unavailable):
            await hall.step()

    assert (await hall.cases.get(case_id)).stop_payment is StopPaymentStep.DUE


async def test_a_file_on_which_the_desk_fails_holds_up_no_other(hall: Hall) -> None:
    bad, good = await hall.opened(1), await hall.opened(2)
    await hall.says(bad, "已经转了", RobotOutcome.PAID)
    hall.endpoint.status = 500
    await hall.step()
    hall.endpoint.status = 204
    await hall.says(good, "已经转了", RobotOutcome.PAID)

    await hall.step()

    assert (await hall.cases.get(good)).stop_payment is StopPaymentStep.SENT
    assert (await hall.cases.get(bad)).stop_payment is StopPaymentStep.DUE


async def test_a_refused_file_is_a_dead_letter_and_goes_out_when_replayed(hall: Hall) -> None:
    hall.endpoint.status = 400
    case_id = await hall.opened()
    await hall.says(case_id, "已经转了", RobotOutcome.PAID)
    await hall.step()
    refused = (await hall.cases.get(case_id)).stop_payment
    dead = DeadLetters(hall.client, keys.DEAD_LETTERS)
    (letter,) = await dead.list()

    hall.endpoint.status = 204
    await dead.replay(letter)
    await hall.step()

    assert refused is StopPaymentStep.REFUSED
    assert (await hall.cases.get(case_id)).stop_payment is StopPaymentStep.SENT


async def test_a_case_closed_before_is_handed_over_and_a_false_alarm_waits_for_nothing(
    hall: Hall,
) -> None:
    closed, mistaken = await hall.opened(1), await hall.opened(2)
    ends = {closed: CaseOutcome.SAFE, mistaken: CaseOutcome.FALSE_ALARM}
    for case_id, outcome in ends.items():
        end = CaseEvent(kind=EventKind.CLOSED, at_ms=NOW_MS, by="li", why="no", outcome=outcome)
        await hall.cases.change(case_id, lambda _case, end=end: [end])  # type: ignore[misc]
        await hall.says(case_id, "刚才转了3万", RobotOutcome.PAID)

    await hall.step()
    await hall.runtime.metrics.refresh()

    assert {json.loads(body)["data"]["case_id"] for _, body in hall.endpoint.got} == set(ends)
    assert (await hall.cases.get(closed)).stop_payment is StopPaymentStep.SENT
    assert hall.figure("fanzha_warning_stop_payments_waiting") == 1


async def test_what_was_said_days_before_there_was_a_desk_is_not_sent(hall: Hall) -> None:
    case_id = await hall.opened()
    await hall.says(case_id, "已经转了", RobotOutcome.PAID)
    hall.clock[0] = NOW_MS + 73 * 60 * MINUTE_MS

    await hall.step()

    assert hall.endpoint.got == []
    assert (await hall.cases.get(case_id)).stop_payment is StopPaymentStep.REFUSED
