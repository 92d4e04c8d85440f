"""`fanzha check`: one decision, explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from fanzha.errors import Unavailable
from fanzha.translation.catalogue import gettext, gettext_noop
from fanzha.v1 import decision_pb2, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from services.cli._common import command_help
from services.cli._common.console import fail, one_sentence, out, print_json
from services.cli._common.enum_words import enum_word, field_label, wire_name, wire_word
from services.cli._common.exit_status import ExitStatus
from services.cli._common.options import (
    DEFAULT_DECISION_TARGET,
    AsJson,
    DecisionTarget,
    Live,
    Timeout,
)
from services.cli._common.server import ServerOf
from services.cli._common.tables import FieldTable
from services.cli._common.time_arguments import written
from services.cli.check import caller as check_caller
from services.cli.check import decision_sentence, explanation, protocol_words
from services.cli.replay import traffic

app = typer.Typer(no_args_is_help=True, help="Ask for one decision, explained.")
app.command()(check_caller.caller)

NO_DRY_RUNS = gettext_noop(
    "dry_run: the server is too old to know dry runs, and recorded what it was asked"
)
MOST = 2**32 - 1
"""The largest number of those fields."""
_ENUMS = {
    "reason": "reason",
    "fraud_type": "fraud_type",
    "source": "source",
    "evidence": "evidence",
    "related_evidence": "evidence",
    "shadow_evidence": "evidence",
    "treatment": "treatment",
    "label": "display_label",
}
"""Fields with words of an enum, and its name."""
_server = ServerOf(lambda: interception_pb2_grpc.InterceptionServiceStub)

WithProtocol = Annotated[
    bool,
    typer.Option("--protocol", help="Show the answer in SIP, SMPP, DNS and HTTP, too."),
]
Local = Annotated[
    bool,
    typer.Option("--local", help="Decide here, without a server, by the lists of the data folder."),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Show what weighed most, by the models found here.")
]
WithShadows = Annotated[
    bool, typer.Option("--shadow", help="Tell which shadow entry would have blocked it.")
]


@app.command()
def call(
    caller: Annotated[str, typer.Option("--from", help="Calling number, code or name.")],
    callee: Annotated[str, typer.Option("--to", help="Called number or code.")],
    ingress: Annotated[
        str, typer.Option(help="local, interconnect or international; empty: not known.")
    ] = "",
    attestation: Annotated[
        str, typer.Option(help="SHAKEN attestation: A, B, C or failed; empty: none.")
    ] = "",
    trunk: Annotated[str, typer.Option(help="Trunk group.")] = "",
    local: Local = False,
    explain: Explain = False,
    shadow: WithShadows = False,
    protocol: WithProtocol = False,
    live: Live = False,
    target: DecisionTarget = DEFAULT_DECISION_TARGET,
    timeout: Timeout = 5.0,
    as_json: AsJson = False,
) -> None:
    """Decide whether to connect a call."""
    message = pb.Call(
        caller=caller,
        callee=callee,
        ingress=_word(traffic.ingress, ingress, "ingress"),
        attestation=_word(traffic.attestation, attestation, "attestation"),
        trunk=trunk,
    )
    request = pb.DecideCallRequest(
        call=message, with_shadow_entries=shadow, with_protocol_answer=protocol
    )
    decision = _ask("DecideCall", request, target, local, live, timeout)
    _show(decision, as_json, explanation.of_call(decision, local) if explain else None)


@app.command("text")
def sms(
    text: Annotated[str, typer.Argument(help="The message.")],
    sender: Annotated[str, typer.Option("--from", help="Sender: number, code or name.")],
    receiver: Annotated[
        str, typer.Option("--to", help="Receiving number.")
    ] = traffic.UNKNOWN_CALLER,
    ingress: Annotated[
        str, typer.Option(help="local, interconnect or international; empty: not known.")
    ] = "",
    trunk: Annotated[str, typer.Option(help="Trunk group or route of the message.")] = "",
    local: Local = False,
    explain: Explain = False,
    shadow: WithShadows = False,
    protocol: WithProtocol = False,
    live: Live = False,
    target: DecisionTarget = DEFAULT_DECISION_TARGET,
    timeout: Timeout = 5.0,
    as_json: AsJson = False,
) -> None:
    """Decide whether to deliver a text message."""
    message = pb.Text(
        sender=sender,
        receiver=receiver,
        body=text,
        ingress=_word(traffic.ingress, ingress, "ingress"),
        trunk=trunk,
    )
    if live and receiver == traffic.UNKNOWN_CALLER:
        fail(
            gettext("--live needs --to: a case would be opened for a receiver who does not exist"),
        )
    request = pb.DecideTextRequest(
        text=message, with_shadow_entries=shadow, with_protocol_answer=protocol
    )
    decision = _ask("DecideText", request, target, local, live, timeout)
    _show(decision, as_json, explanation.of_text(decision, message) if explain else None)


@app.command("link")
def url(
    url: Annotated[str, typer.Argument(help="A URL, or a host name.")],
    subscriber: Annotated[str, typer.Option("--from", help="The subscriber who opens it.")] = "",
    domain_age_days: Annotated[
        int | None, typer.Option(min=0, max=MOST, help="Days since its domain was registered.")
    ] = None,
    first_seen_days: Annotated[
        int | None, typer.Option(min=0, max=MOST, help="Days since the network first saw it.")
    ] = None,
    popularity_rank: Annotated[
        int | None, typer.Option(min=1, max=MOST, help="Rank of its domain; 1: most used.")
    ] = None,
    local: Local = False,
    explain: Explain = False,
    shadow: WithShadows = False,
    protocol: WithProtocol = False,
    live: Live = False,
    target: DecisionTarget = DEFAULT_DECISION_TARGET,
    timeout: Timeout = 5.0,
    as_json: AsJson = False,
) -> None:
    """Decide whether to let a link be opened."""
    if not _names_a_host(url):
        fail(gettext("neither a URL nor a host name: {url!r}", url=url[:100]))
    link = pb.Link(
        url=url,
        subscriber=subscriber,
        domain_age_days=domain_age_days,
        first_seen_days=first_seen_days,
        popularity_rank=popularity_rank,
    )
    request = pb.DecideLinkRequest(
        link=link, with_shadow_entries=shadow, with_protocol_answer=protocol
    )
    decision = _ask("DecideLink", request, target, local, live, timeout)
    _show(decision, as_json, explanation.of_link(decision, request.link) if explain else None)


@app.command()
def health(target: DecisionTarget = DEFAULT_DECISION_TARGET, timeout: Timeout = 5.0) -> None:
    """Tell whether a server has its lists and models; status 0 only when it is SERVING."""
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    server: ServerOf[Any] = ServerOf(lambda: health_pb2_grpc.HealthStub)
    with server(target) as stub:
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=timeout)
        status = wire_name(health_pb2.HealthCheckResponse.ServingStatus, answer.status)
        if status != "SERVING":
            fail(
                gettext("{target} is {status}", target=target, status=status),
                status=ExitStatus.NOT_FOUND,
            )
        out.print(status)


def _names_a_host(url: str) -> bool:
    """Return whether a person can have meant a link; the service reads more, as browsers do."""
    from fanzha.hosts import is_address
    from fanzha.url import canonical, split

    host = split(canonical(url))[0]
    if "://" in url:
        return host != ""
    named = "." in host or is_address(host) or host == "localhost"
    return named and "%" not in host


def _word(read: Any, word: str, field: str) -> Any:
    value = read(word)
    if word and not value:
        fail(gettext("{field}: not known: {word!r}", field=field, word=word))
    return value


def _ask(
    method: str, request: Any, target: str, local: bool, live: bool, timeout: float
) -> decision_pb2.Decision:
    if local and live:
        fail(gettext("--live needs a server: --local records nothing"))
    request.dry_run = not live
    if local:
        from services.cli.check.local import decide_here

        with one_sentence(target):
            return decide_here(method, request)
    with _server(target) as stub:
        answer: decision_pb2.Decision = getattr(stub, method)(request, timeout=timeout).decision
        if request.dry_run and not answer.dry_run:
            raise Unavailable(NO_DRY_RUNS)
        return answer


def _show(
    decision: decision_pb2.Decision, as_json: bool, why: explanation.Explanation | None
) -> None:
    if as_json:
        explained = {} if why is None else {"explanation": why.as_words()}
        print_json(as_words(decision) | protocol_words.as_words(decision) | explained)
        return
    table = FieldTable()
    for name, value in as_words(decision).items():
        if value is False:
            continue
        table.add_row(field_label(name), _shown(name, value))
    table.print()
    out.print(decision_sentence.sentence(decision), markup=False, soft_wrap=True)
    if decision.monitored:
        out.print(
            gettext("Monitor mode let it through: the policy of the carrier blocks nothing here.")
        )
    if decision.shadow_entry_id:
        entry = f"{decision.shadow_entry_id} ({decision.shadow_pattern})"
        out.print(
            gettext("The shadow entry {entry} would have blocked it.", entry=entry),
            markup=False,
            soft_wrap=True,
        )
    protocol_words.show(decision)
    if decision.dry_run:
        out.print(gettext("Dry run: nothing was recorded; --live decides as live traffic is."))
    if why is not None:
        explanation.show(why)


def as_words(decision: decision_pb2.Decision) -> dict[str, Any]:
    """Write a decision with words in place of numbers."""
    return {
        "action": wire_word(decision_pb2.Action, decision.action),
        "reason": wire_word(decision_pb2.Reason, decision.reason),
        "fraud_type": wire_word(decision_pb2.FraudType, decision.fraud_type),
        "score": round(decision.score, 4) if decision.HasField("score") else None,
        "threshold": round(decision.threshold, 4),
        "entry": decision.entry_id,
        "pattern": decision.pattern,
        **({"monitored": True} if decision.monitored else {}),
        **_provenance(decision),
        **_treatment(decision),
        "evidence": wire_word(decision_pb2.Evidence, decision.evidence),
        "list_version": decision.list_version,
        "model_version": decision.model_version,
        **_cut(decision),
        **_link(decision),
        **_relation(decision),
        **_figures("sender_history", decision.sender_history),
        **_figures("host_facts", decision.host_facts),
        **_velocity(decision),
        **_shadow(decision),
        "decision_id": "" if decision.dry_run else str(decision.decision_id),
        "dry_run": decision.dry_run,
    }


def _provenance(decision: decision_pb2.Decision) -> dict[str, Any]:
    if not decision.source:
        return {}
    source = wire_word(decision_pb2.Source, decision.source)
    return {"source": source, "legal_basis": decision.legal_basis}


def _cut(decision: decision_pb2.Decision) -> dict[str, Any]:
    """Say what was not read or looked up."""
    read = {"read_bytes": decision.read_bytes} if decision.read_bytes else {}
    return {**read, "truncated": True} if decision.truncated else read


def _link(decision: decision_pb2.Decision) -> dict[str, Any]:
    if not decision.HasField("link_score"):
        return {}
    return {"link_score": round(decision.link_score, 4), "link": decision.link}


def _relation(decision: decision_pb2.Decision) -> dict[str, Any]:
    if not decision.related_entity:
        return {}
    return {
        "related_entity": decision.related_entity,
        "related_evidence": wire_word(decision_pb2.Evidence, decision.related_evidence),
        "related_to": decision.related_to,
        "related_since": written(decision.related_since_ms),
    }


def _figures(name: str, found: Mapping[str, float]) -> dict[str, Any]:
    if not found:
        return {}
    return {name: {key: round(value, 4) for key, value in sorted(found.items())}}


def _treatment(decision: decision_pb2.Decision) -> dict[str, Any]:
    words: dict[str, Any] = {}
    if decision.treatment:
        words["treatment"] = wire_word(decision_pb2.Treatment, decision.treatment)
    if decision.label:
        words["label"] = wire_word(decision_pb2.DisplayLabel, decision.label)
    if decision.delay_ms:
        words["delay_ms"] = decision.delay_ms
    if decision.HasField("cache_seconds"):
        words["cache_seconds"] = decision.cache_seconds
    return words


def _velocity(decision: decision_pb2.Decision) -> dict[str, Any]:
    if not decision.velocity_version:
        return {}
    score = round(decision.velocity_score, 4) if decision.HasField("velocity_score") else None
    return {"velocity_score": score, "velocity_version": decision.velocity_version}


def _shadow(decision: decision_pb2.Decision) -> dict[str, Any]:
    if not decision.shadow_entry_id:
        return {}
    return {
        "shadow_entry": decision.shadow_entry_id,
        "shadow_pattern": decision.shadow_pattern,
        "shadow_evidence": wire_word(decision_pb2.Evidence, decision.shadow_evidence),
    }


def _shown(name: str, value: Any) -> str | Text:
    if value is None or value == "":
        return "–"
    if name == "action":
        return Text(enum_word(name, value), style="red" if value == "block" else "green")
    if name in _ENUMS:
        return enum_word(_ENUMS[name], value)
    if isinstance(value, Mapping):
        return ", ".join(f"{field_label(key)} {one:g}" for key, one in value.items())
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return str(value)


command_help.add_aliases(app)
