"""Completion of values in a shell: words of options, and ids that a server knows.

Words need no server. Ids are fetched from `--target`, FANZHA_ADMIN_TARGET or this machine, for a
shell that completes reads no profile; when no server answers within a second, nothing is offered.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from typer.core import TyperArgument

Words: TypeAlias = Callable[[], Iterable[str]]

WAIT_SECONDS = 1.0
"""How long the shell waits for ids of a server."""
MOST_IDS = 50


def _fraud_types() -> list[str]:
    from fanzha.fraud import FraudType

    return [one.name.lower() for one in FraudType if one]


def _financial_frauds() -> list[str]:
    from fanzha.v1 import entity_pb2 as pb

    prefix = "FINANCIAL_FRAUD_"
    names = [name for name, number in pb.FinancialFraud.items() if number]
    return [name.removeprefix(prefix).lower() for name in names]


def _formats_read() -> list[str]:
    from blocklists.importers.list_format import Format

    return ["auto", *Format]


OPTIONS: dict[str, Words] = {
    "--action": lambda: ("block", "allow"),
    "--attestation": lambda: ("A", "B", "C", "failed"),
    "--channel": lambda: ("call", "text", "link"),
    "--direction": lambda: ("both", "from", "to"),
    "--financial-fraud": _financial_frauds,
    "--fraud-type": _fraud_types,
    "--ingress": lambda: ("local", "interconnect", "international"),
    "--language": lambda: ("zh", "en"),
    "--mode": lambda: ("enforce", "shadow"),
    "--source": lambda: ("ministry", "province", "bureau", "carrier", "tech_company"),
    "--tier": lambda: ("high", "medium", "low"),
    "blocklist import --format": _formats_read,
    "blocklist export --format": lambda: (
        *("csv", "domains", "numbers", "rpz", "rspamd", "kamailio", "stix", "unbound"),
    ),
    "blocklist add --kind": lambda: ("number", "range", "sender", "host", "url", "fingerprint"),
    "decisions stats --group-by": lambda: (
        *("channel", "action", "reason", "fraud_type", "source", "hour", "ingress"),
        *("list_version", "model_version"),
    ),
    "report warnings --group-by": lambda: (
        *("city", "county", "source", "fraud_type", "day", "tier"),
    ),
    "entities add --kind": lambda: ("company", "platform", "app"),
    "entities edit --kind": lambda: ("company", "platform", "app"),
    "assessment tasks open --kind": lambda: ("problem", "task", "responsibility"),
    "assessment tasks list --kind": lambda: ("problem", "task", "responsibility"),
    "assessment tasks list --state": lambda: ("open", "done", "confirmed", "dropped"),
    "incidents list --stage": lambda: (
        *("monitoring", "warning", "disposal", "tracking", "closed"),
    ),
    "incidents clusters --kind": lambda: (
        *("number_pool", "sim_box", "shared_link", "related"),
        *("auto_dialer", "activated_together", "same_handset"),
    ),
    "incidents leads answer --outcome": lambda: (
        *("case_filed", "penalty", "measures", "nothing_found", "not_competent"),
    ),
    "education list --state": lambda: ("draft", "approved", "running", "ended", "stopped"),
    "entities list --state": lambda: ("leaving", "closed", "seen_again"),
    "changes list --state": lambda: (
        *("draft", "pending", "approved", "applied", "rejected", "reverted"),
    ),
}
"""Words of an option: those it has everywhere, or of one command."""


def _change_ids(channel: Any) -> list[str]:
    from fanzha.v1 import change_pb2 as pb
    from fanzha.v1 import change_pb2_grpc

    request = pb.ListChangesRequest(page_size=MOST_IDS)
    stub = change_pb2_grpc.ChangeServiceStub(channel)
    return [str(one.id) for one in stub.ListChanges(request, timeout=WAIT_SECONDS).changes]


def _appeal_ids(channel: Any) -> list[str]:
    from fanzha.v1 import appeal_pb2 as pb
    from fanzha.v1 import appeal_pb2_grpc

    request = pb.ListAppealsRequest(page_size=MOST_IDS)
    stub = appeal_pb2_grpc.AppealServiceStub(channel)
    return [str(one.id) for one in stub.ListAppeals(request, timeout=WAIT_SECONDS).appeals]


def _case_ids(channel: Any) -> list[str]:
    from fanzha.v1 import case_pb2 as pb
    from fanzha.v1 import case_pb2_grpc

    request = pb.ListCasesRequest(page_size=MOST_IDS)
    stub = case_pb2_grpc.CaseServiceStub(channel)
    return [one.id for one in stub.ListCases(request, timeout=WAIT_SECONDS).cases]


def _entity_ids(channel: Any) -> list[str]:
    from fanzha.v1 import entity_pb2 as pb
    from fanzha.v1 import entity_pb2_grpc

    request = pb.ListEntitiesRequest(page_size=MOST_IDS)
    stub = entity_pb2_grpc.EntityServiceStub(channel)
    found = stub.ListEntities(request, timeout=WAIT_SECONDS).entities
    return [str(one.entity_id) for one in found]


def _incident_ids(channel: Any) -> list[str]:
    from fanzha.v1 import incident_pb2 as pb
    from fanzha.v1 import incident_pb2_grpc

    request = pb.ListIncidentsRequest(page_size=MOST_IDS, open_only=True)
    stub = incident_pb2_grpc.IncidentServiceStub(channel)
    found = stub.ListIncidents(request, timeout=WAIT_SECONDS).incidents
    return [str(one.incident_id) for one in found]


def _education_ids(channel: Any) -> list[str]:
    from fanzha.v1 import education_pb2 as pb
    from fanzha.v1 import education_pb2_grpc

    request = pb.ListEducationCampaignsRequest(page_size=MOST_IDS)
    stub = education_pb2_grpc.EducationServiceStub(channel)
    found = stub.ListEducationCampaigns(request, timeout=WAIT_SECONDS).campaigns
    return [str(one.campaign_id) for one in found]


ARGUMENTS: dict[str, Callable[[Any], list[str]]] = {
    "change_id": _change_ids,
    "appeal_id": _appeal_ids,
    "case_id": _case_ids,
    "entity_id": _entity_ids,
    "incident_id": _incident_ids,
    "campaign_id": _education_ids,
}
"""Arguments that are ids of a server, and how they are listed."""


def add_to(command: Any, path: str) -> None:
    """Let the parameters of *command* complete their values."""
    for parameter in command.params:
        if isinstance(parameter, TyperArgument):
            ids = ARGUMENTS.get(parameter.name or "")
            complete = None if ids is None else _completing_ids(ids)
        else:
            names = [key for name in parameter.opts for key in (f"{path} {name}", name)]
            words = next((OPTIONS[name] for name in names if name in OPTIONS), None)
            complete = None if words is None else _completing(words)
        if complete is not None:
            # Typer takes it in each declaration of a parameter; here it is by the name.
            parameter._custom_shell_complete = complete  # noqa: SLF001 - typer has no setter


def _completing(words: Words) -> Any:
    def complete(_context: Any, _parameter: Any, incomplete: str) -> list[str]:
        return [word for word in words() if word.startswith(incomplete)]

    return complete


def _completing_ids(ids: Callable[[Any], list[str]]) -> Any:
    def complete(context: Any, _parameter: Any, incomplete: str) -> list[str]:
        return [one for one in _fetched(ids, context) if one.startswith(incomplete)]

    return complete


def _fetched(ids: Callable[[Any], list[str]], context: Any) -> list[str]:
    import grpc

    from fanzha.client import LoginError, channels

    try:
        with channels.blocking(_target(context)) as channel:
            return ids(channel)
    except (grpc.RpcError, LoginError, OSError, ValueError):
        # A shell that completes has no place for errors.
        return []


def _target(context: Any) -> str:
    from services.cli._common.options import DEFAULT_TARGET

    return str(
        context.params.get("target") or os.environ.get("FANZHA_ADMIN_TARGET") or DEFAULT_TARGET
    )
