"""The kill switch and opt-outs over a real socket, on record, and a policy tried on past cases."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fanzha.phone import HomePlan
from infra.redis.client import connect
from services.audit.events import AuditKind
from services.cli.warnings.commands import app
from services.processes import operations_wiring
from services.rpc.warnings.control_handler import WarningControlServicer
from services.settings.settings import Settings
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore
from services.warning.control import WarningControl
from services.warning.dispatch.kill_switch import KillSwitch
from services.warning.dispatch.limit_store import LimitStore, never_stopped
from services.warning.dispatch.limits import LimitRules
from services.warning.intake.service import WarningIntake
from services.warning.model import Risk
from tests.support.change_desk import MemoryAudit
from tests.support.rpc_server import in_a_thread, rpc_server
from tests.support.warnings import NOW_MS, a_warning

Run = Callable[..., Result]
PERSON = "+8617000000001"


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def run(redis_url: str, audit: MemoryAudit) -> Iterator[Run]:
    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        client = connect(redis_url)
        limits = LimitStore(
            client, rules=LimitRules(), stopped=never_stopped, now_ms=lambda: NOW_MS
        )
        switch = KillSwitch(client, now_ms=lambda: NOW_MS, audit=audit)
        control = WarningControl(switch=switch, limits=limits, home=HomePlan(), audit=audit)
        servicers = {
            "warning_control": WarningControlServicer(control),
            "warning_operations": operations_wiring.servicer(
                Settings(redis_url=redis_url),
                client,
                log=None,
                audit=audit,
                policies=operations_wiring.policies_in_force(
                    Settings(redis_url=redis_url), client, None
                ),
            ),
        }
        async with rpc_server(servicers) as target:
            yield target
        await client.aclose()

    with in_a_thread(serving) as target:

        def run_command(*arguments: str) -> Result:
            return CliRunner().invoke(app, [*arguments, "--target", target])

        yield run_command


def test_stopping_and_resuming_warnings_is_audited_with_its_reason(
    run: Run, audit: MemoryAudit
) -> None:
    before = run("status")
    stopped = run("stop", "--reason", "wrong template", "--by", "li")
    during = run("status")
    started = run("start", "--reason", "mended", "--by", "li")
    again = run("start", "--reason", "mended", "--by", "li")

    assert (before.exit_code, during.exit_code) == (0, 1)
    assert stopped.stdout.startswith("stopped at ")
    assert "by li: wrong template" in during.stdout
    assert "go out again" in started.stdout
    assert "were not stopped" in again.stdout
    assert audit.kinds == [AuditKind.WARNINGS_STOPPED, AuditKind.WARNINGS_STARTED]


def test_the_kill_switch_needs_a_reason(run: Run) -> None:
    done = run("stop", "--reason", "")

    assert done.exit_code == 2
    assert "reason: required, 1 to 200 characters" in " ".join(done.stderr.split())


def test_a_person_can_opt_out_of_advice_only(run: Run, audit: MemoryAudit) -> None:
    out = run("opt-out", "17000000001", "--kind", "advice", "--by", "li")
    refused = run("opt-out", PERSON, "--kind", "emergency", "--by", "li")
    shown = run("opt-out", PERSON)
    again = run("opt-out", PERSON, "--kind", "advice", "--again", "--by", "li")

    assert "opted out of: advice" in out.stdout
    assert "no opt-out of emergency is allowed" in " ".join(refused.stderr.split())
    assert "opted out of: advice" in shown.stdout
    assert "opted out of: nothing" in again.stdout
    assert audit.kinds == [AuditKind.OPT_OUT_CHANGED] * 2
    assert all("0000001" not in record[1] for record in audit.records)


def test_a_policy_is_tried_on_past_cases(redis_url: str, tmp_path: Path, run: Run) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        """version = "trial"
[points]
medium = 10
high = 20
[[line]]
id = "sure"
about = "the source says high"
when = { risk_at_least = "high" }
at_least = "high"
""",
        encoding="utf-8",
    )

    async def take() -> None:
        client = connect(redis_url)
        intake = WarningIntake(
            client=client, store=CaseStore(client), router=PlainRouter(), now_ms=lambda: NOW_MS
        )
        risks = (Risk.HIGH, Risk.HIGH, Risk.LOW)
        await intake.ingest([a_warning(number, risk=risk) for number, risk in enumerate(risks, 1)])
        await client.aclose()

    asyncio.run(take())

    requests = ["policy", "preview", str(policy), "--since", ""]
    found = json.loads(run(*requests, "--json").stdout)
    shown = run(*requests)

    assert (found["cases"], found["changed"]) == (3, 2)
    assert found["lines"] == {"sure": 2}
    assert {one["after"] for one in found["examples"]} == {"high"}
    assert "of 3 cases 2 get another tier" in " ".join(shown.stdout.split())
