"""`fanzha doctor`: what is reachable, who one is there, and what an operator should look at."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import Any

import grpc
import typer
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rich.text import Text

from fanzha import client
from fanzha.client import channels
from fanzha.translation.catalogue import gettext, gettext_noop
from fanzha.v1 import (
    access_pb2,
    access_pb2_grpc,
    blocklist_pb2,
    blocklist_pb2_grpc,
    model_pb2,
    model_pb2_grpc,
)
from services.cli._common import addresses, exit_status
from services.cli._common.console import login_fault, one_sentence, print_json
from services.cli._common.enum_words import wire_name, wire_word
from services.cli._common.exit_status import ExitStatus
from services.cli._common.options import AsJson
from services.cli._common.profiles import SERVER
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written

WAIT_SECONDS = 3.0
MOST_SKEW_MS = 2_000
"""Clocks that differ by more make times in answers and logs misleading."""
LEAST_FREE = 0.1
OLD_LISTS_MS = 7 * 86_400_000
"""Lists that nobody changed for so long are worth a question."""


class CheckState(StrEnum):
    """How a check ended."""

    GOOD = "ok"
    LOOK = "look"
    """Works, and somebody should look at it."""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the report."""

    what: str
    state: CheckState
    detail: str
    silent: bool = False
    """Whether a server did not answer."""


def doctor(
    as_json: AsJson = False,
) -> None:
    """Check the connection to a service, and what an operator should know of it.

    The service is that of `fanzha --server`, of the variables for targets, of the profile in use,
    or this machine. Status 1 when something is bad, 3 when no server answers.
    """
    variables = addresses.of_variables()
    server = os.environ.get(SERVER) or next(iter(variables.values()), "127.0.0.1")
    with one_sentence(server):
        found = addresses.found(server)
        results = list(_checks(found if os.environ.get(SERVER) else found | variables))
    if as_json:
        print_json(
            [{"what": one.what, "state": one.state, "detail": one.detail} for one in results]
        )
    else:
        _show(results)
    servers = results[: len(addresses.PORTS)]
    if all(one.silent for one in servers):
        raise typer.Exit(int(ExitStatus.UNREACHABLE))
    if any(one.state is CheckState.BAD for one in results):
        raise typer.Exit(int(ExitStatus.NOT_FOUND))


def _show(results: list[CheckResult]) -> None:
    table = RowTable()
    table.add_column("")
    table.add_column("")
    table.add_column("", prose=True)
    colours = {CheckState.GOOD: "green", CheckState.LOOK: "yellow", CheckState.BAD: "red"}
    words = {
        CheckState.GOOD: gettext("ok"),
        CheckState.LOOK: gettext("look"),
        CheckState.BAD: gettext("bad"),
    }
    for one in results:
        table.add_row(
            gettext(one.what), Text(words[one.state], style=colours[one.state]), one.detail
        )
    table.print()


def _checks(found: dict[str, str]) -> Iterator[CheckResult]:
    described: dict[str, access_pb2.DescribeServerResponse] = {}
    for name, address in found.items():
        yield _reach(name, address, described)
    if not described:
        return
    first = next(iter(described.values()))
    yield _identity(next(found[name] for name in described))
    yield _versions(described)
    yield _clock(first)
    yield _disk(first)
    yield _exposure(first)
    changed = ", ".join(first.changed_settings) or gettext("none")
    yield CheckResult(gettext_noop("settings changed"), CheckState.GOOD, changed)
    if "administration" in described:
        yield from _lists(found["administration"])
        yield _models(found["administration"])


def _reach(
    name: str, address: str, described: dict[str, access_pb2.DescribeServerResponse]
) -> CheckResult:
    """Ask a server for its health and its description."""
    title = {
        "decisions": gettext_noop("decisions"),
        "administration": gettext_noop("administration"),
        "warnings": gettext_noop("warnings"),
    }[name]
    try:
        with channels.blocking(address) as channel:
            began = time.monotonic()
            health_stub: Any = health_pb2_grpc.HealthStub(channel)
            health = health_stub.Check(health_pb2.HealthCheckRequest(), timeout=WAIT_SECONDS)
            took_ms = (time.monotonic() - began) * 1000
            stub = access_pb2_grpc.AccessServiceStub(channel)
            request = access_pb2.DescribeServerRequest()
            described[name] = stub.DescribeServer(request, timeout=WAIT_SECONDS)
    except grpc.RpcError as error:
        silent = exit_status.of_code(error.code()) is ExitStatus.UNREACHABLE
        return CheckResult(title, CheckState.BAD, f"{address}: {_reason(error)}", silent)
    except client.LoginError as error:
        return CheckResult(title, CheckState.BAD, f"{address}: {login_fault(error)}")
    status = wire_name(health_pb2.HealthCheckResponse.ServingStatus, health.status)
    tls = "TLS" if client.Login.from_environment().encrypted else gettext("no TLS")
    state = CheckState.GOOD if status == "SERVING" else CheckState.BAD
    return CheckResult(title, state, f"{address}, {status}, {took_ms:.0f} ms, {tls}")


def _reason(error: grpc.RpcError) -> str:
    code = error.code() if hasattr(error, "code") else None
    if code is grpc.StatusCode.UNAVAILABLE:
        return gettext("no answer")
    original = error.details() if hasattr(error, "details") else str(error)
    details = client.localized_message(error) or original
    return f"{details} ({code.name if code else 'unknown'})"


def _identity(address: str) -> CheckResult:
    with channels.blocking(address) as channel:
        stub = access_pb2_grpc.AccessServiceStub(channel)
        try:
            who = stub.WhoAmI(access_pb2.WhoAmIRequest(), timeout=WAIT_SECONDS)
        except grpc.RpcError as error:
            return CheckResult(gettext_noop("identity"), CheckState.BAD, _reason(error))
    if who.development:
        detail = gettext("authentication is off: whoever connects has all roles")
        return CheckResult(gettext_noop("identity"), CheckState.LOOK, detail)
    roles = ", ".join(wire_word(access_pb2.Role, role) for role in who.roles)
    ends = ""
    if who.expires_at_s:
        ends = gettext(", until {when}", when=written(who.expires_at_s * 1000))
    detail = f"{who.name}: {roles or gettext('no role')}{ends}"
    return CheckResult(gettext_noop("identity"), CheckState.GOOD, detail)


def _versions(described: dict[str, access_pb2.DescribeServerResponse]) -> CheckResult:
    own, theirs = version("fanzha"), sorted({one.version for one in described.values()})
    same = theirs == [own]
    detail = gettext("here {own}, there {theirs}", own=own, theirs=", ".join(theirs))
    return CheckResult(
        gettext_noop("versions"), CheckState.GOOD if same else CheckState.LOOK, detail
    )


def _clock(server: access_pb2.DescribeServerResponse) -> CheckResult:
    # The answer took a part of a second, which a skew worth telling exceeds by far.
    skew_ms = int(time.time() * 1000) - server.time_ms
    state = CheckState.GOOD if abs(skew_ms) <= MOST_SKEW_MS else CheckState.BAD
    detail = gettext("{seconds:.1f} s apart", seconds=abs(skew_ms) / 1000)
    return CheckResult(gettext_noop("clocks"), state, detail)


def _disk(server: access_pb2.DescribeServerResponse) -> CheckResult:
    free = server.disk_free_bytes / server.disk_bytes if server.disk_bytes else 0.0
    state = CheckState.GOOD if free >= LEAST_FREE else CheckState.BAD
    detail = gettext(
        "{free:.0%} free, {gigabytes:,.1f} GB", free=free, gigabytes=server.disk_free_bytes / 1e9
    )
    return CheckResult(gettext_noop("disk"), state, detail)


def _exposure(server: access_pb2.DescribeServerResponse) -> CheckResult:
    exposed = [f"{one.name} ({one.host}:{one.port})" for one in server.addresses if one.exposed]
    if not exposed:
        detail = gettext("loopback only")
        return CheckResult(gettext_noop("open to others"), CheckState.GOOD, detail)
    guarded = server.tls and server.authentication
    state = CheckState.GOOD if guarded else CheckState.BAD
    lacks = [] if server.tls else [gettext("no TLS")]
    lacks += [] if server.authentication else [gettext("no authentication")]
    return CheckResult(
        gettext_noop("open to others"), state, "; ".join([", ".join(exposed), *lacks])
    )


def _lists(address: str) -> Iterator[CheckResult]:
    with channels.blocking(address) as channel:
        stub = blocklist_pb2_grpc.BlocklistServiceStub(channel)
        try:
            answer = stub.GetStatus(blocklist_pb2.GetStatusRequest(), timeout=WAIT_SECONDS)
        except grpc.RpcError as error:
            yield CheckResult(gettext_noop("lists"), CheckState.LOOK, _reason(error))
            return
    entries = sum(count.entries for count in answer.counts)
    age_ms = int(time.time() * 1000) - answer.committed_at_ms if answer.version else 0
    state = CheckState.LOOK if age_ms > OLD_LISTS_MS or answer.findings else CheckState.GOOD
    detail = gettext(
        "version {version}, {entries:,} entries, changed {days:.0f} days ago",
        version=answer.version, entries=entries, days=age_ms / 86_400_000,
    )  # fmt: skip
    yield CheckResult(gettext_noop("lists"), state, detail)
    behind = [one.worker for one in answer.workers if one.list_version < answer.version]
    state = CheckState.GOOD if answer.workers and not behind else CheckState.BAD
    detail = gettext(
        "{workers} workers, {behind} behind", workers=len(answer.workers), behind=len(behind)
    )
    yield CheckResult(gettext_noop("workers"), state, detail)


def _models(address: str) -> CheckResult:
    """Tell of bundles that workers refuse, of second stages that fail, and of drift."""
    title = gettext_noop("models")
    with channels.blocking(address) as channel:
        stub = model_pb2_grpc.ModelServiceStub(channel)
        try:
            answer = stub.ListModels(model_pb2.ListModelsRequest(), timeout=WAIT_SECONDS)
        except grpc.RpcError as error:
            return CheckResult(title, CheckState.LOOK, _reason(error))
    workers = [one for model in answer.models for one in model.workers if one.held]
    faults = [
        (sum(bool(one.refused) for one in workers), gettext("refuse a bundle")),
        (sum(bool(one.cascade_fault) for one in workers), gettext("decide without a second stage")),
        (sum(bool(one.drift_alarms) for one in workers), gettext("see drift: fanzha models drift")),
    ]
    said = [
        gettext("{count} {fault}", count=count, fault=fault) for count, fault in faults if count
    ]
    state = CheckState.LOOK if said or not workers else CheckState.GOOD
    detail = gettext("{count} models in workers", count=len(workers))
    return CheckResult(title, state, "; ".join([detail, *said]))
