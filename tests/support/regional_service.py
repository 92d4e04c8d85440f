"""A running service with records of all regions, asked by people with regions, method by method.

Every text that somebody wrote into a record of region R has the mark ``m-R-m``; of the whole
province, ``m-all-m``. What has no mark of its own, such as a report, names regions by their codes.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import message_factory

from fanzha.v1 import (
    assessment_pb2,
    blocklist_pb2,
    case_pb2,
    change_pb2,
    decision_log_pb2,
    decision_pb2,
    education_pb2,
    entity_pb2,
    incident_pb2,
    interception_pb2,
    warning_pb2,
    warning_policy_pb2,
)
from tests.support.identities import AUDIENCE, ISSUER, Issuer
from tests.support.processes import NO_CASCADE, NO_CONSOLE, Running, eventually, fanzha_up
from tests.support.regional_office import Person, Refused, an_entry
from tests.support.rpc_fuzz import RpcMethod, all_methods

ALL = "all"
REGIONS = ("", "33", "3301", "330106", "330110", "3302", "330203")
ROLES = (
    *("editor", "approver", "auditor", "appeals_officer", "operator", "dispatcher", "partner"),
)
"""All but those of programs of others."""
LI, WU = (Person(name=one, roles=(*ROLES, "carrier", "source")) for one in ("li", "wu"))
DAY_MS = 86_400_000
TEXT = "【反诈宣传】不轻信陌生来电。"
_DEADLINE = 60.0
_ENDLESS = frozenset({"TailDecisions", "TailHits"})
"""Streams that end when nobody listens any more."""
_ENDLESS_SECONDS = 1.0
_MOST_ANSWERS = 50


def mark_of(region: str) -> str:
    """Return the mark of a region."""
    return f"m-{region or ALL}-m"


@dataclass(slots=True)
class RegionalRecords:
    """Ids of what was made, in the order of `REGIONS`."""

    entities: list[int] = field(default_factory=list)
    incidents: list[int] = field(default_factory=list)
    campaigns: list[int] = field(default_factory=list)
    tasks: list[int] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    decisions: list[int] = field(default_factory=list)
    policy: str = ""
    """The policy of warnings in force."""
    month: str = time.strftime("%Y-%m", time.localtime(time.time() - 40 * 86_400))
    """Of which an assessment is published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionalService:
    """Calls any method of a service, as anybody."""

    issuer: Issuer
    channels: Sequence[grpc.Channel]
    methods: dict[str, RpcMethod]
    records: RegionalRecords = field(default_factory=RegionalRecords)
    known: dict[str, grpc.Channel] = field(default_factory=dict)

    def ask(self, method: str, request: Any, who: Person) -> Any:
        """Call ``Service/Method``; return the answers of a stream as a list, or `Refused`."""
        found = self.methods[method]
        candidates = [self.known[method]] if method in self.known else self.channels
        for channel in candidates:
            answer = self._call(channel, found, request, who)
            if not isinstance(answer, Refused) or answer.code != grpc.StatusCode.UNIMPLEMENTED:
                self.known[method] = channel
                return answer
        raise AssertionError(f"no server knows {method}")

    def _call(self, channel: grpc.Channel, method: RpcMethod, request: Any, who: Person) -> Any:
        name = method.path.rpartition("/")[2]
        answers_with = message_factory.GetMessageClass(method.response)
        token = self.issuer.token(*who.roles, sub=who.name, regions=list(who.regions) or None)
        call: Any = channel.stream_stream(
            method.path,
            request_serializer=lambda one: one.SerializeToString(),
            response_deserializer=answers_with.FromString,
        )
        requests = request if isinstance(request, list) else [request]
        made = call(
            iter(requests),
            metadata=(("authorization", f"Bearer {token}"),),
            timeout=_ENDLESS_SECONDS if name in _ENDLESS else _DEADLINE,
        )
        answers: list[Any] = []
        try:
            for one in made:
                answers.append(one)
                if len(answers) >= _MOST_ANSWERS and name in _ENDLESS:
                    made.cancel()
                    break
        except grpc.RpcError as error:
            failed: Any = error
            if name not in _ENDLESS or failed.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                return Refused(code=failed.code(), details=str(failed.details()))
        return answers if method.server_streams else answers[0]

    def done(self, method: str, request: Any, who: Person = LI) -> Any:
        """Call a method that must work."""
        answer = self.ask(method, request, who)
        assert not isinstance(answer, Refused), f"{method}: {answer}"
        return answer


@contextmanager
def regional_service(folder: Path) -> Iterator[RegionalService]:
    """Run a service with identities, and fill it with records of all regions."""
    issuer = Issuer(folder / "jwks.json")
    (folder / "data").mkdir(mode=0o700)
    _write_files(folder)
    settings = {
        **NO_CASCADE,
        **NO_CONSOLE,
        "FANZHA_JWKS_FILE": str(folder / "jwks.json"),
        "FANZHA_TOKEN_ISSUER": ISSUER,
        "FANZHA_TOKEN_AUDIENCE": AUDIENCE,
        "FANZHA_IDENTITY_REQUESTS": "0",
        "FANZHA_DECISION_LOG_FLUSH_SECONDS": "0.2",
        "FANZHA_SOURCES_FILE": str(folder / "sources.toml"),
        "FANZHA_ASSESSMENT_UNITS_FILE": str(folder / "units.toml"),
    }
    with fanzha_up(folder / "data", workers=1, **settings) as running:
        channels = [grpc.insecure_channel(one) for one in _targets(running)]
        methods = {one.path.removeprefix("/fanzha.v1."): one for one in all_methods()}
        service = RegionalService(issuer=issuer, channels=channels, methods=methods)
        for region in REGIONS:
            _fill(service, region)
        publish = assessment_pb2.PublishAssessmentRequest(month=service.records.month)
        service.done("AssessmentService/PublishAssessment", publish)
        policy = warning_policy_pb2.GetWarningPolicyRequest()
        found = service.done("WarningPolicyService/GetWarningPolicy", policy)
        service.records.policy = found.policy.document
        _decide(service)
        yield service
        for channel in channels:
            channel.close()


def unit_of(region: str) -> str:
    """Return the code of the member unit of a region."""
    return f"unit{region}"


def _targets(running: Running) -> tuple[str, ...]:
    return running.admin, running.warning, running.interception


def _write_files(folder: Path) -> None:
    levels = {0: "province", 2: "province", 4: "city", 6: "county"}
    sources, units = [], []
    for region in REGIONS:
        name = mark_of(region)
        sources.append(
            f'[sources.{name}]\nkind = "folder"\naddress = "{folder}/{name}"\n'
            'brings = "entries"\nsource = "bureau"\nevery = "1h"\n'
        )
        units.append(f'[{unit_of(region)}]\nname = "{mark_of(region)}"\n')
        units.append(f'level = "{levels[len(region)]}"\n')
        if region:
            sources.append(f'region = "{region}"\n')
            units.append(f'region = "{region}"\n')
    (folder / "sources.toml").write_text("".join(sources))
    (folder / "units.toml").write_text("".join(units))


def _fill(service: RegionalService, region: str) -> None:
    """Make one record of each kind, of one region."""
    mark, records, now = mark_of(region), service.records, int(time.time() * 1000)
    entity = entity_pb2.Entity(
        name=mark, kind=1, financial_fraud=1, cleanup=mark, legal_basis=mark, region=region,  # type: ignore[arg-type]
        identifiers=[entity_pb2.EntityIdentifier(kind=1, value=f"{mark}.example")],  # type: ignore[arg-type]
    )  # fmt: skip
    made = service.done(
        "EntityService/RegisterEntity", entity_pb2.RegisterEntityRequest(entity=entity)
    )
    records.entities.append(made.entity.entity_id)
    records.incidents.append(_incident(service, region))
    records.campaigns.append(_campaign(service, region, now))
    task = assessment_pb2.UnitTask(
        kind=1, title=mark, unit=unit_of(region), due_ms=now + DAY_MS, note=mark  # type: ignore[arg-type]
    )  # fmt: skip
    opened = service.done(
        "AssessmentService/OpenUnitTask", assessment_pb2.OpenUnitTaskRequest(task=task)
    )
    records.tasks.append(opened.task.task_id)
    records.cases.append(_case(service, region, now))


def _incident(service: RegionalService, region: str) -> int:
    mark = mark_of(region)
    part = incident_pb2.IncidentPart(kind=1, reference=f"{mark}.example", note=mark)  # type: ignore[arg-type]
    incident = incident_pb2.Incident(
        title=mark, fraud_type=5, region=region, summary=mark, parts=[part]  # type: ignore[arg-type]
    )  # fmt: skip
    opened = service.done(
        "IncidentService/OpenIncident", incident_pb2.OpenIncidentRequest(incident=incident)
    ).incident
    lead = incident_pb2.DraftLeadRequest(
        incident_id=opened.incident_id, department="tax", purpose=mark, legal_basis=mark
    )
    drafted = service.done("IncidentService/DraftLead", lead).incident
    send = incident_pb2.SendLeadRequest(
        incident_id=opened.incident_id, lead_id=1, revision=drafted.revision
    )
    service.done("IncidentService/SendLead", send, WU)
    return int(opened.incident_id)


def _campaign(service: RegionalService, region: str, now: int) -> int:
    mark = mark_of(region)
    campaign = education_pb2.EducationCampaign(
        name=mark, region=region, text=TEXT, template=mark, template_version="1",
        start_ms=now + DAY_MS, end_ms=now + 9 * DAY_MS, daily_cap=10,
    )  # fmt: skip
    made = service.done(
        "EducationService/CreateEducationCampaign",
        education_pb2.CreateEducationCampaignRequest(campaign=campaign),
    ).campaign
    event = education_pb2.EducationEvent(occasion=2, place=mark, day="2026-01-02", note=mark)  # type: ignore[arg-type]
    service.done(
        "EducationService/RecordEducationEvent",
        education_pb2.RecordEducationEventRequest(campaign_id=made.campaign_id, event=event),
    )
    return int(made.campaign_id)


def _case(service: RegionalService, region: str, now: int) -> str:
    mark, number = mark_of(region), REGIONS.index(region)
    warning = warning_pb2.Warning(
        source=decision_pb2.SOURCE_CARRIER, source_name="carrier.example", reference=mark,
        victim=f"+8617000000{number + 100}", means_kind=warning_pb2.MEANS_KIND_SENDER, means=mark,
        fraud_type=decision_pb2.FRAUD_TYPE_FAKE_LOAN, risk=warning_pb2.RISK_LEVEL_HIGH,
        occurred_at_ms=now - 60_000, campaign=mark,
    )  # fmt: skip
    submitted = warning_pb2.SubmitWarningsRequest(warning=warning)
    (taken,) = service.done("WarningService/SubmitWarnings", [submitted])
    case_id = str(taken.case_id)
    if region:
        assign = case_pb2.AssignCaseRequest(case_id=case_id, region=region, reason=mark)
        service.done("CaseService/AssignCase", assign)
    service.done("CaseService/NoteCase", case_pb2.NoteCaseRequest(case_id=case_id, text=mark))
    return case_id


def _decide(service: RegionalService) -> None:
    """Block a link by an entry of each region, and wait until the decisions are logged."""
    entries = [
        an_entry(f"l{len(region)}{region}.example", region=region, legal_basis=mark_of(region),
                 campaign=mark_of(region), reason=mark_of(region))
        for region in REGIONS
    ]  # fmt: skip
    added = service.done(
        "BlocklistService/UpdateEntries",
        blocklist_pb2.UpdateEntriesRequest(additions=entries, reason="reported"),
    )
    if added.waits_because:
        approve = change_pb2.ApproveChangeRequest(id=added.change_id)
        service.done("ChangeService/ApproveChange", approve, WU)

    def decided() -> bool:
        links = [
            interception_pb2.DecideLinkRequest(
                link=interception_pb2.Link(url=f"http://{one.pattern}/")
            )
            for one in entries
        ]
        answers = [service.done("InterceptionService/DecideLink", one) for one in links]
        return all(one.decision.action == decision_pb2.ACTION_BLOCK for one in answers)

    eventually(decided)
    find = decision_log_pb2.FindDecisionsRequest(since_ms=1, action=decision_pb2.ACTION_BLOCK)

    def logged() -> bool:
        found = service.done("DecisionLogService/FindDecisions", find).decisions
        service.records.decisions[:] = [one.decision_id for one in found]
        return len(found) >= len(REGIONS)

    eventually(logged)
