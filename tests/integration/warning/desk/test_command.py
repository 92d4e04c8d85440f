"""`fanzha cases`, with tokens, against a desk in the test's own process."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fanzha.v1 import case_pb2 as pb
from infra.clock import now_ms
from services.cli.cases.commands import app
from services.warning import keys
from services.warning.cases.events import HeardReply
from services.warning.desk.service import CaseCommand
from services.warning.robot.outcome_events import said
from tests.support.case_desk import Office, Window, a_window, an_office
from tests.support.warnings import a_warning


@pytest.fixture
async def office(redis_url: str) -> AsyncIterator[Office]:
    async with an_office(redis_url) as office:
        yield office


@pytest.fixture
async def window(office: Office, tmp_path: Path) -> AsyncIterator[Window]:
    async with a_window(office, tmp_path / "jwks.json") as window:
        yield window


class Desk:
    """Runs the command as somebody of a city."""

    def __init__(self, window: Window) -> None:
        self._target = window.target
        self._token = window.issuer.token("dispatcher", sub="wang", regions=["3405"])

    async def __call__(self, *arguments: str, status: int = 0) -> str:
        done: Result = await asyncio.to_thread(
            CliRunner(env={"FANZHA_TOKEN": self._token}).invoke,
            app,
            [*arguments, "--target", self._target],
        )
        assert done.exit_code == status, done.output
        return done.output

    async def json(self, *arguments: str) -> Any:
        return json.loads(await self(*arguments, "--json"))


async def test_a_case_is_taken_noted_assigned_and_closed_by_commands(
    office: Office, window: Window
) -> None:
    office.clock[0] = now_ms()
    _, mine, city, _, _ = await office.opened()
    (again,) = await office.intake.ingest([a_warning(2, reference="b", campaign="x")])
    desk = Desk(window)

    listed = await desk.json("list", "--tier", "中", "--fraud-type", "fake_loan")
    await desk("assign", city, "--region", "340503", "--officer", "zhao", "--reason", "nearest")
    await desk("take", mine)
    await desk("note", mine, "asked her son to call", "--due", "3h")
    await desk("note", mine, "--unreached")
    await desk("close", mine, "lost_money", "--lost", "12,000.50",
               "--lost-to", "account:6222 0000", "--lost-to", "number:+8619900000001",
               "--reason", "paid before we called")  # fmt: skip
    await desk("close", again.case_id, "重复", "--duplicate-of", mine)
    shown = await desk.json("show", mine)
    output = await desk("show", mine)
    history = await desk("history", mine)

    assert len(listed["cases"]) == 4
    assert (shown["victim"], shown["officer"], shown["lost_fen"]) == (
        "+8617000000002", "wang", "1200050")  # fmt: skip
    assert "lost          12,000.50 yuan" in output
    assert "lost to       account 6222 0000, number +8619900000001" in output
    assert "asked her son to call" in history
    assert "not reached" in history
    assert (await office.store.get(again.case_id)).duplicate_of == mine
    assert (await office.store.get(city)).officer == "zhao"
    assert mine in await desk("list", "--state", "closed")


async def test_cases_out_of_scope_or_taken_are_refused_in_one_sentence(
    office: Office, window: Window
) -> None:
    one, _, _, elsewhere, _ = await office.opened()
    desk = Desk(window)
    await office.desk.take(CaseCommand(case_id=one, by="li"), take_over=False)

    assert f"there is no '{elsewhere}'" in await desk("show", elsewhere, status=1)
    assert "li has it" in await desk("take", one, status=4)
    assert "reason: required" in await desk("close", one, "false_alarm", status=2)
    assert "has the scope 3405, not 33" in await desk("list", "--region", "33", status=4)
    await desk("take", one, "--take-over")


async def test_the_list_marks_waiting_and_overdue_cases(office: Office, window: Window) -> None:
    waits, late, _, *_ = await office.opened()
    desk = Desk(window)
    while not (await office.store.get(waits)).needs_person:
        await desk("note", waits, "--unreached")
    await desk("take", late)
    office.clock[0] += 10**9

    output = await desk("list", "--overdue", "--limit", "2")

    first, second = output.splitlines()[1:3]
    assert waits in first
    assert "a person is needed" in first
    assert "overdue" in second
    assert "2 shown" in output
    assert "there are more: --after" in output


async def test_a_queue_is_worked_by_commands(office: Office, window: Window) -> None:
    office.clock[0] = now_ms()
    one, two, city, elsewhere, _ = await office.opened()
    desk = Desk(window)

    board = await desk("board", "--count", "1")
    offered = await desk.json("next", "--tier", "medium")
    case_id = offered["case_id"]
    claimed = await desk("claim", case_id)
    passed = await desk("skip", case_id, "--reason", "a relative of mine")
    again = await desk("release", case_id)
    whole = await desk("unmask", one, "--reason", "to call her")
    noted = await desk.json("note", one, "--evidence", "account:6222 0000")
    assigned = await desk("assign-all", two, city, elsewhere, "--officer", "zhao", status=1)
    script = await desk("script", one)
    english = await desk("script", one, "--language", "en")
    history = await desk("history", case_id)

    assert "3 open" in board
    assert claimed.startswith("wang has it open until")
    assert f"case {case_id}" in passed
    assert again.strip() == "you did not have it open"
    assert "+8617000000001" in whole
    assert "6222 0000" not in str(noted)
    assert "2 assigned, 1 refused" in assigned
    assert f"{elsewhere}: case: there is no" in assigned
    assert english.startswith("VISIT SHEET")
    mine, _, theirs = script.partition("For the person, in Chinese:\n")
    assert mine == english
    assert theirs.startswith("【见面劝阻单】")
    assert "passed over" in history
    assert "a relative of mine" in history


async def test_who_has_a_case_open_is_said_by_commands(office: Office, window: Window) -> None:
    office.clock[0] = now_ms()
    one, *_ = await office.opened()
    await office.queue.claim(one, "li", take_over=False)
    desk = Desk(window)

    claimed = await desk("claim", one, status=1)
    shown = await desk("show", one)
    noted = await desk("note", one, "x", status=4)
    over = await desk("claim", one, "--take-over")

    assert "li has it open" in claimed
    assert "li, until" in shown
    assert "li has it open" in noted
    assert "wang has it open" in over


async def test_who_has_paid_is_handed_over_once_and_waits_for_a_receipt(
    office: Office, window: Window
) -> None:
    office.clock[0] = now_ms()
    one, other, *_ = await office.opened()
    desk = Desk(window)

    await desk("stop-payment", one, "转了三万，十点")
    await desk("stop-payment", one, "again")
    await desk("close", one, "lost_money", "--lost", "30000")
    waiting = await desk.json("list", "--awaits-receipt")
    await desk("receipt", other, "ZF-1", status=2)
    done = await desk.json("receipt", one, "ZF-1")
    history = await desk("history", one)

    assert [each["case_id"] for each in waiting["cases"]] == [one]
    assert (done["stop_payment"], done["stop_payment_receipt"]) == ("received", "ZF-1")
    assert (await desk.json("list", "--awaits-receipt"))["cases"] == []
    assert history.count("stop payment: due") == 1
    assert "again" in history
    assert "stop payment: received; ZF-1" in history
    assert "received" in await desk("show", one)
    client: Any = office.client
    outbox = [
        task["task"]
        for shard in keys.SHARDS
        for _, task in await client.xrange(keys.key(shard, "outbox"))
    ]
    assert outbox.count(f"stop_payment {one}") == 1


async def test_the_dialogue_and_what_the_script_says_next_are_shown(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened()
    reply = HeardReply(
        text="你们是谁", meaning="who", before="warned", after="who", script="sms.zh@1:a"
    )
    await office.store.change(one, lambda _case: [said(reply, 1)])

    shown = await Desk(window)("dialogue", one)
    asked = pb.GetRobotDialogueRequest(case_id=one, language="en")
    for_auditor = await window.ask("GetRobotDialogue", asked, role="auditor")

    assert "person: 你们是谁 (who)" in shown
    assert "robot: 【反诈预警】这里是反诈中心" in shown
    assert "[paid]" in shown
    person, robot = for_auditor.turns
    assert (person.text, person.meaning, robot.by_robot) == ("", "who", True)
