"""Critical names and wide ranges: no line blocks them, with identities or without."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner, Result

from blocklists.critical.critical_list import COLUMNS, with_own
from blocklists.critical.risks import RiskFinder
from blocklists.store.current_lists import CurrentLists
from fanzha.client import channels, unconfirmed_risks
from fanzha.errors import InvalidInput, RisksUnconfirmed
from fanzha.phone import HomePlan
from fanzha.v1 import (
    blocklist_pb2,
    blocklist_pb2_grpc,
    change_pb2_grpc,
    change_state_pb2,
    decision_pb2,
)
from fanzha.v1 import change_pb2 as pb
from infra.reloaded_file import ReloadedFile
from services.__main__ import app
from services.audit.events import AuditKind
from services.auth.identity import DEVELOPER, acting_as
from services.changes.model import ChangeState
from services.lists.drafts import DraftReader
from services.rpc.changes.handler import ChangeServicer
from tests.support.builders import NINE_O_CLOCK_MS, an_entry
from tests.support.change_desk import LI, WANG, ChangeDesk, a_draft, change_desk, identities
from tests.support.identities import Issuer
from tests.support.list_admin import administering
from tests.support.secured_server import SecuredServer, secured_server

EXAMPLES = {
    "icbc.com.cn": "icbc.com.cn (bank)",
    "qq.com": "qq.com (messaging)",
    "baidu.com": "baidu.com (search)",
    "+86138*": "+86138* (100,000,000 subscribers)",
}
"""What one person could block with a line, and what it hits."""
RISK = EXAMPLES["icbc.com.cn"]
Run = Callable[..., Result]


@pytest.fixture
def target(redis_url: str, tmp_path: Path) -> Iterator[str]:
    with administering(redis_url, tmp_path / "lists", lambda: NINE_O_CLOCK_MS) as found:
        yield found


@pytest.fixture
def run(target: str) -> Run:
    def run_command(*arguments: str, typed: str | None = None) -> Result:
        command = [*arguments, "--target", target]
        return CliRunner().invoke(app, command, input=typed)

    return run_command


def add(run: Run, *arguments: str, typed: str | None = None) -> Result:
    words = ("--source", "bureau", "--reason", "reported", "--by", "li")
    return run("blocklist", "add", *arguments, *words, typed=typed)


def output(done: Result) -> str:
    return " ".join((done.stdout + done.stderr).split())


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[ChangeDesk]:
    async with change_desk(redis_url, tmp_path / "lists") as found:
        yield found


@pytest.fixture
async def secured(desk: ChangeDesk, tmp_path: Path) -> AsyncIterator[SecuredServer]:
    drafts = DraftReader(
        current=CurrentLists(desk.store, desk.replica),
        home=HomePlan(),
        now_ms=lambda: NINE_O_CLOCK_MS,
        default_expiry_days=365,
    )
    servicers = {"changes": ChangeServicer(desk.changes, drafts)}
    stub = change_pb2_grpc.ChangeServiceStub
    async with secured_server(servicers, stub, Issuer(tmp_path / "jwks.json")) as server:
        yield server


@pytest.mark.parametrize(("pattern", "risk"), EXAMPLES.items())
def test_without_authentication_blocking_a_critical_name_needs_confirmation(
    run: Run, pattern: str, risk: str
) -> None:
    done = add(run, pattern)

    assert done.exit_code == 4
    assert f"no second person reviews this change, and it would hit {risk}" in output(done)
    assert f"--confirm '{risk}'" in output(done)
    assert "no entry matches" in run("blocklist", "find", pattern).stdout


@pytest.mark.parametrize(("pattern", "risk"), EXAMPLES.items())
async def test_with_identities_a_second_person_has_to_approve(
    secured: SecuredServer, desk: ChangeDesk, pattern: str, risk: str
) -> None:
    row = blocklist_pb2.Entry(
        pattern=pattern, action=decision_pb2.ACTION_BLOCK, source=decision_pb2.SOURCE_BUREAU
    )
    request = pb.CreateChangeRequest(
        contents=pb.ChangeContents(additions=[row], reason="reported"),
        go_to=change_state_pb2.CHANGE_STATE_APPLIED,
        confirmed_risks=[risk],  # no word of the author makes up for the second person
    )

    answer = await secured.call("CreateChange", request, "editor", name="li")
    waits = await desk.listed()
    approve = pb.ApproveChangeRequest(id=answer.change.id)
    approved = await secured.call("ApproveChange", approve, "approver", name="wang")

    assert answer.change.state == change_state_pb2.CHANGE_STATE_PENDING
    assert f"it hits what many depend on: {risk}" in answer.change.second_person_reasons
    assert list(answer.change.preview.risks) == [risk]
    assert waits == {}
    assert approved.change.state == change_state_pb2.CHANGE_STATE_APPLIED
    assert not approved.change.unreviewed_risks


def test_a_risk_confirmed_by_name_is_applied_and_shown_as_unreviewed(run: Run) -> None:
    done = add(run, "icbc.com.cn", "--confirm", RISK)
    shown, listed = run("changes", "show", "1"), run("changes", "list")
    as_json = json.loads(run("changes", "show", "1", "--json").stdout)

    assert done.exit_code == 0
    assert f"UNREVIEWED, confirmed by one person: {RISK}" in output(done)
    assert f"UNREVIEWED {RISK}" in output(shown)
    assert "none (UNREVIEWED)" in output(listed)
    assert as_json["change"]["unreviewed_risks"] == [RISK]


@pytest.mark.parametrize(
    "blind", ["icbc.com.cn", "yes", "qq.com (messaging)", "icbc.com.cn (BANK)"]
)
def test_a_confirmation_names_exactly_what_it_hits(run: Run, blind: str) -> None:
    done = add(run, "icbc.com.cn", "--confirm", blind)

    assert done.exit_code == 4
    assert "no entry matches" in run("blocklist", "find", "icbc.com.cn").stdout


def test_each_risk_has_to_be_confirmed(run: Run) -> None:
    done = add(run, "icbc.com.cn", "qq.com", "--confirm", RISK)

    assert done.exit_code == 4
    assert "it would hit qq.com (messaging); nothing changed" in output(done)


@pytest.mark.parametrize(("typed", "applied"), [("icbc.com.cn", True), ("yes", False)])
def test_on_a_terminal_the_command_prompts_for_the_name(
    target: str, run: Run, typed: str, applied: bool
) -> None:
    keyboard, terminal = pty.openpty()
    command = [sys.executable, "-m", "services", "blocklist", "add", "icbc.com.cn", "--target"]
    words = [target, "--source", "bureau", "--reason", "reported", "--by", "li"]
    os.write(keyboard, f"{typed}\n".encode())

    done = subprocess.run(
        [*command, *words], stdin=terminal, capture_output=True, text=True, timeout=240, check=False
    )
    os.close(terminal)
    os.close(keyboard)

    assert (done.returncode == 0) is applied, done.stderr
    assert "Type icbc.com.cn to go on" in done.stderr
    assert ("no entry matches" in run("blocklist", "find", "icbc.com.cn").stdout) is not applied


def test_a_url_below_a_critical_name_needs_no_confirmation(run: Run) -> None:
    assert add(run, "qq.com/evil/", "shop123.taobao.com", "+861700000*").exit_code == 0


def test_an_import_withholds_risky_rows_and_applies_the_others(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "hosts.txt"
    file.write_text("prize.example\nicbc.com.cn\nqq.com\nshop.example\nbaidu.com\n")
    words = (str(file), "--source", "bureau", "--by", "li")

    dry = run("blocklist", "import", *words, "--dry-run")
    done = run("blocklist", "import", *words)
    confirmed = run("blocklist", "import", *words, "--confirm", RISK)

    for one in (dry, done):
        assert "of these held back 3" in output(one)
        assert f"refused, line 2: held back, for it hits {RISK}" in output(one)
    assert "prize.example" in run("blocklist", "find", "prize.example").stdout
    assert "no entry matches" in run("blocklist", "find", "qq.com").stdout
    assert "of these held back 2" in output(confirmed)
    assert f"UNREVIEWED, confirmed by one person: {RISK}" in output(confirmed)
    assert "icbc.com.cn" in run("blocklist", "find", "www.icbc.com.cn").stdout


def test_promoting_a_risky_shadow_entry_needs_confirmation(run: Run) -> None:
    shadow = add(run, "icbc.com.cn", "--mode", "shadow")
    promote = ("blocklist", "promote", "icbc.com.cn", "--reason", "proved itself", "--by", "li")

    assert shadow.exit_code == 0
    assert f"--confirm '{RISK}'" in output(run(*promote))
    assert run(*promote, "--confirm", RISK).exit_code == 0


def test_a_risky_draft_is_confirmed_on_submission_or_application(run: Run) -> None:
    words = ("--source", "bureau", "--reason", "reported", "--by", "li", "--add")
    run("changes", "create", *words, "icbc.com.cn", "--draft")
    run("changes", "create", *words, "qq.com", "--hold")

    first = run("changes", "submit", "1", "--by", "li")
    second = run("changes", "apply", "2", "--by", "li")

    assert f"--confirm '{RISK}'" in output(first)
    assert "--confirm 'qq.com (messaging)'" in output(second)
    assert run("changes", "submit", "1", "--confirm", RISK, "--by", "li").exit_code == 0
    applied = run("changes", "apply", "2", "--confirm", "qq.com (messaging)", "--by", "li")
    assert "UNREVIEWED, confirmed by one person: qq.com (messaging)" in output(applied)


def test_the_risks_of_a_block_can_be_previewed(run: Run) -> None:
    everything = run("blocklist", "critical")
    banks = run("blocklist", "critical", "--category", "bank")
    one = run("blocklist", "critical", "www.icbc.com.cn")
    wide = run("blocklist", "critical", "+86138*")
    harmless = run("blocklist", "critical", "prize.example")
    protected = run("blocklist", "critical", "110")

    assert "ranges of over 10,000 subscribers are, too" in output(everything)
    assert "baidu.com" in everything.stdout
    assert "baidu.com" not in banks.stdout
    assert f"a block of www.icbc.com.cn would hit {RISK}" in one.stdout
    assert "would hit +86138* (100,000,000 subscribers)" in wide.stdout
    assert "a block of prize.example would hit nothing critical" in harmless.stdout
    assert protected.exit_code == 2
    assert "protected number" in output(protected)


def test_a_client_receives_the_risks_to_confirm(target: str) -> None:
    entry = blocklist_pb2.Entry(
        pattern="icbc.com.cn", action=decision_pb2.ACTION_BLOCK, source=decision_pb2.SOURCE_BUREAU
    )
    request = blocklist_pb2.UpdateEntriesRequest(additions=[entry], author="li", reason="test")
    with channels.blocking(target) as channel:
        stub = blocklist_pb2_grpc.BlocklistServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.UpdateEntries(request, timeout=30)
        error: Any = caught.value
        request.confirmed_risks.extend(unconfirmed_risks(error))
        answer = stub.UpdateEntries(request, timeout=30)

    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert list(answer.unreviewed_risks) == [RISK]


async def test_the_audit_log_marks_an_unreviewed_change(desk: ChangeDesk) -> None:
    with acting_as(DEVELOPER):
        with pytest.raises(RisksUnconfirmed, match="no second person reviews this"):
            await desk.changes.submit_and_apply(a_draft(an_entry("icbc.com.cn")))
        await desk.changes.submit_and_apply(
            a_draft(an_entry("icbc.com.cn"), confirmed_risks=(RISK,))
        )

    values = {kind: details.get("unreviewed") for kind, _, details, _ in desk.audit.records}
    assert values == {AuditKind.REQUEST_SUBMITTED: RISK, AuditKind.CHANGE_APPLIED: RISK}


async def test_an_emergency_lists_its_risks_until_a_second_person_confirms(
    desk: ChangeDesk,
) -> None:
    draft = a_draft(an_entry("icbc.com.cn"))
    with acting_as(LI):
        with pytest.raises(RisksUnconfirmed):
            await desk.changes.submit_and_apply(draft, emergency_why="taken over")
        waits = (await desk.changes.submit_and_apply(draft)).record
        assert waits is not None
        with pytest.raises(RisksUnconfirmed):
            await desk.changes.apply(waits.id, emergency_why="taken over")
        applied = await desk.changes.apply(waits.id, emergency_why="taken over", confirmed=[RISK])
    with acting_as(WANG):
        urgent, _ = await desk.changes.confirm_emergency(waits.id)

    assert applied.unreviewed_risks == (RISK,)
    assert urgent.unreviewed_risks == ()
    assert urgent.confirmed_risks == (RISK,)


async def test_reverting_or_restoring_to_a_risky_entry_needs_a_new_confirmation(
    desk: ChangeDesk,
) -> None:
    bank = an_entry("icbc.com.cn")
    with acting_as(DEVELOPER):
        await desk.changes.submit_and_apply(a_draft(bank, confirmed_risks=(RISK,)))
        await desk.changes.submit_and_apply(a_draft(removals=identities(bank)))
        with pytest.raises(RisksUnconfirmed):
            await desk.changes.revert(2, reason="needed after all")
        with pytest.raises(RisksUnconfirmed):
            await desk.changes.restore(1, reason="needed after all")
        await desk.changes.revert(2, reason="needed after all", confirmed=[RISK])
        await desk.changes.submit_and_apply(a_draft(removals=identities(bank)))
        done = await desk.changes.restore(1, reason="needed after all", confirmed=[RISK])

    assert done.record is not None
    assert (done.record.state, done.record.unreviewed_risks) == (ChangeState.APPLIED, (RISK,))


async def test_one_person_cannot_confirm_more_risks_than_the_limit(desk: ChangeDesk) -> None:
    ranges = [an_entry(f"+861700{at:02}*") for at in range(21)]
    confirmed = tuple(f"+861700{at:02}* (100,000 subscribers)" for at in range(21))
    with acting_as(DEVELOPER):
        with pytest.raises(InvalidInput, match="at most 20 can be confirmed in one change"):
            await desk.changes.submit_and_apply(a_draft(*ranges, confirmed_risks=confirmed))
        done = await desk.changes.submit_and_apply(a_draft(*ranges[1:], confirmed_risks=confirmed))

    assert done.record is not None
    assert len(done.record.unreviewed_risks) == 20


async def test_a_custom_list_of_critical_names_takes_effect_without_a_restart(
    redis_url: str, tmp_path: Path
) -> None:
    header = ",".join(COLUMNS)
    path = tmp_path / "critical.csv"
    path.write_text(f"{header}\n")
    own = ReloadedFile(path, with_own)
    risks = RiskFinder(own.reload)
    async with change_desk(redis_url, tmp_path / "lists", risks=risks) as desk:
        with acting_as(DEVELOPER):
            path.write_text(f"{header}\nbank.example,bank,us,us,2026-11-27,\nqq.com,remove,,,,\n")
            with pytest.raises(RisksUnconfirmed, match=r"bank\.example"):
                await desk.changes.submit_and_apply(a_draft(an_entry("www.bank.example")))
            done = await desk.changes.submit_and_apply(a_draft(an_entry("qq.com")))

    assert done.record is not None
    assert done.record.state is ChangeState.APPLIED
