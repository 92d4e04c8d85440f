"""Whoever asks whatever of any service learns and changes what is of their own regions only.

The methods are those of the service descriptors: one that is added later is asked, too, unless it
is listed with a reason in `methods_without_region`. Requests are filled by the names of their
fields. Lists, changes and appeals are asked by `test_region_leaks`, where nothing else runs beside
them.
"""

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor

from blocklists import region_codes
from fanzha.v1 import (
    assessment_pb2,
    audit_pb2,
    case_pb2,
    education_pb2,
    entity_pb2,
    incident_pb2,
    warning_control_pb2,
)
from services.auth import region_scope, roles, whole_province
from tests.integration.auth import test_region_leaks as lists
from tests.support.methods_without_region import EXEMPT
from tests.support.processes import eventually
from tests.support.region_records import MARK, acted, beyond, scope_of, sources_of
from tests.support.regional_office import Person, Refused, written
from tests.support.regional_service import (
    ALL,
    DAY_MS,
    LI,
    REGIONS,
    ROLES,
    RegionalService,
    mark_of,
    regional_service,
    unit_of,
)
from tests.support.rpc_fuzz import all_methods

REFUSED = sorted(one.removeprefix("/fanzha.v1.") for one in whole_province.METHODS)
"""Methods about all regions at once: people with regions are refused."""
WHOLE = {*REFUSED, "ListUpdateService/ComputeDiff"}
"""Also copies of the lists, but for switches of carriers, which decide by them."""
READ_BY_ALL = frozenset({"SourceService"})
"""Services whose records of the whole province are there for everybody, as those of the lists."""
PEOPLE, TIMES, MORE_TIMES = 3, 2, 20
THIS_MONTH = time.strftime("%Y-%m")
_CODE = re.compile(r'"(33[0-9]{0,4})"')
_READS = re.compile(r"/(Get|List|Find|Count|Rate|Tail|Assess|Preview)")
_MOVES = re.compile(r"/(Edit|Assign)")
_FILTERED = re.compile(r"/(Get|List|FindDecisions)")
_SHARE_OF_FILTERS = 0.2


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegionalService]:
    with regional_service(tmp_path_factory.mktemp("regions")) as running:
        yield running


def names() -> set[str]:
    return {one.path.removeprefix("/fanzha.v1.") for one in all_methods()}


ASKED = sorted(
    one
    for one in names() - set(EXEMPT) - set(REFUSED)
    if one.partition("/")[0] not in lists.SERVICES
)


def test_what_is_exempt_is_there_and_says_why() -> None:
    assert set(EXEMPT) <= names()
    assert all(EXEMPT.values())
    assert set(REFUSED) <= names()
    assert not set(EXEMPT) & set(REFUSED)


@pytest.mark.parametrize("method", REFUSED)
def test_what_is_of_all_regions_is_refused_whatever_the_request_says(
    service: RegionalService, method: str
) -> None:
    county = Person(name="county", roles=LI.roles, regions=("330106",))
    asked = service.methods[method].request

    answer = service.ask(method, message_factory.GetMessageClass(asked)(), county)

    assert isinstance(answer, Refused), answer
    assert answer.code is grpc.StatusCode.PERMISSION_DENIED
    assert re.fullmatch(r"county has the scope 330106, and .* is of all regions", answer.details)


def test_people_of_a_county_do_not_stop_warnings_and_the_attempt_is_on_record(
    service: RegionalService,
) -> None:
    who = Person(name="zhou", roles=("operator", "approver"), regions=("3301",))
    stop = warning_control_pb2.StopWarningsRequest(reason="mischief")

    asked = audit_pb2.ListRecordsRequest(actor="zhou", page_size=10)

    def refused_and_on_record() -> bool:
        # A minute has 32 kinds of refusals by name, see `services.audit.refusals`: where others
        # came first, the next minute has this one.
        answer = service.ask("WarningControlService/StopWarnings", stop, who)
        assert isinstance(answer, Refused), answer
        return bool(service.done("AuditService/ListRecords", asked).records)

    eventually(refused_and_on_record, 300)

    records = service.done("AuditService/ListRecords", asked).records
    assert {one.subject for one in records} == {"method:WarningControlService/StopWarnings"}
    assert "the switch of all warnings is of all regions" in records[-1].details["why"]
    state = service.done(
        "WarningControlService/GetWarningSwitch", warning_control_pb2.GetWarningSwitchRequest()
    )
    assert not state.HasField("stop")


def test_people_of_a_county_keep_no_warning_of_a_danger_from_anybody(
    service: RegionalService,
) -> None:
    who = Person(name="qian", roles=("operator",), regions=("3301",))

    def asked(kind: Any) -> Any:
        request = warning_control_pb2.SetOptOutRequest(
            number="+8617000000907", kind=kind, opted_out=True
        )
        return service.ask("WarningControlService/SetOptOut", request, who)

    advice = asked(warning_control_pb2.WARNING_KIND_ADVICE)
    warning = asked(warning_control_pb2.WARNING_KIND_WARNING)

    assert list(advice.opted_out) == [warning_control_pb2.WARNING_KIND_ADVICE]
    assert isinstance(warning, Refused)
    assert warning.code is grpc.StatusCode.PERMISSION_DENIED


@dataclass
class Asking:
    """Makes random requests about records that there are."""

    dice: random.Random
    service: RegionalService
    who: Person = LI
    picked: dict[str, Any] = field(default_factory=dict)
    """Ids in the request that is being made."""
    at: int = 0
    """Place of the region of the record that was picked last."""

    def place(self) -> int:
        """Return the place of a region in `REGIONS`, each second time one of whoever asks."""
        mine = [one for one in REGIONS if roles.may_access_region(scope_of(self.who), one)]
        self.at = REGIONS.index(self.dice.choice(self.dice.choice((mine, REGIONS))))
        return self.at

    def request(self, method: str) -> Any:
        self.picked.clear()
        descriptor = self.service.methods[method].request
        message = message_factory.GetMessageClass(descriptor)()
        self._fill(method, message, filters=_FILTERED.search(method) is not None)
        return message

    def _fill(self, method: str, message: Any, *, filters: bool, depth: int = 0) -> None:
        # Ids come before revisions, which are those of the record that was picked.
        fields = sorted(message.DESCRIPTOR.fields, key=lambda one: one.name == "revision")
        for one in fields:
            if one.message_type is not None:
                if not one.message_type.GetOptions().map_entry and depth < 2:
                    inner = getattr(message, one.name)
                    inner = inner.add() if one.is_repeated else inner
                    self._fill(method, inner, filters=False, depth=depth + 1)
                    if not one.is_repeated:
                        inner.SetInParent()
                continue
            value = self._value(method, one, filters=filters)
            if value is None:
                continue
            if one.is_repeated:
                getattr(message, one.name).append(value)
            else:
                setattr(message, one.name, value)

    def _value(self, method: str, one: FieldDescriptor, *, filters: bool) -> Any:
        made = self._made(method, one)
        if made is not None:
            self.picked[one.name] = made
            return made
        if filters and self.dice.random() > _SHARE_OF_FILTERS:
            return None  # most filters would leave out what could leak
        if one.enum_type is not None:
            return self.dice.choice([*one.enum_type.values_by_number])
        if one.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            return "because"
        is_flag = one.cpp_type == FieldDescriptor.CPPTYPE_BOOL
        return self.dice.choice((False, True) if is_flag else (0, 1))

    def _made(self, method: str, one: FieldDescriptor) -> Any:
        """Return a value by the name of a field; None where its name says nothing."""
        if one.name == "region" and _MOVES.search(method):
            return REGIONS[self.at]  # elsewhere, its marks would be those of another region
        if one.name == "name" and method.startswith("SourceService/"):
            return mark_of(REGIONS[self.place()])
        maker = MAKERS.get(one.name)
        has_maker = one.enum_type is None or one.name.endswith("fraud_type")
        return maker(self) if maker is not None and has_maker else None

    def revision(self) -> int:
        """Return the revision of the record that was picked, as it is now."""
        for name, (method, request_of) in REVISIONS.items():
            if name in self.picked:
                answer = self.service.ask(method, request_of(self.picked[name]), LI)
                (record,) = [one for _, one in answer.ListFields() if hasattr(one, "revision")]
                return int(record.revision)
        return 1


REVISIONS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "entity_id": (
        "EntityService/GetEntity",
        lambda id_: entity_pb2.GetEntityRequest(entity_id=id_),
    ),
    "incident_id": (
        "IncidentService/GetIncident",
        lambda id_: incident_pb2.GetIncidentRequest(incident_id=id_),
    ),
    "campaign_id": (
        "EducationService/GetEducationCampaign",
        lambda id_: education_pb2.GetEducationCampaignRequest(campaign_id=id_),
    ),
    "task_id": (
        "AssessmentService/GetUnitTask",
        lambda id_: assessment_pb2.GetUnitTaskRequest(task_id=id_),
    ),
    "case_id": ("CaseService/GetCase", lambda id_: case_pb2.GetCaseRequest(case_id=id_)),
}


def _record(name: str) -> Callable[[Asking], Any]:
    return lambda asking: getattr(asking.service.records, name)[asking.place()]


MAKERS: Mapping[str, Callable[[Asking], Any]] = {
    "entity_id": _record("entities"),
    "incident_id": _record("incidents"),
    "campaign_id": _record("campaigns"),
    "task_id": _record("tasks"),
    "case_id": _record("cases"),
    "case_ids": _record("cases"),
    "decision_id": lambda asking: asking.dice.choice(asking.service.records.decisions),
    "lead_id": lambda _asking: 1,
    "revision": Asking.revision,
    "region": lambda asking: asking.dice.choice(("", "", *REGIONS)),
    "unit": lambda asking: unit_of(REGIONS[asking.place()]),
    "month": lambda asking: asking.dice.choice((THIS_MONTH, asking.service.records.month)),
    "measure": lambda _asking: "finished",
    "since_ms": lambda _asking: int(time.time() * 1000) - DAY_MS,
    "until_ms": lambda _asking: 0,
    "start_ms": lambda _asking: int(time.time() * 1000) + DAY_MS,
    "end_ms": lambda _asking: int(time.time() * 1000) + 2 * DAY_MS,
    "due_ms": lambda _asking: int(time.time() * 1000) + DAY_MS,
    "hold_out_percent": lambda _asking: 10,
    "daily_cap": lambda _asking: 10,
    "text": lambda _asking: "",
    "fraud_type": lambda _asking: 0,
    "step": lambda _asking: "icp_cancelled",
    "department": lambda _asking: "tax",
    "day": lambda _asking: "2026-01-02",
    "document_sha256": lambda _asking: "0" * 64,
    "accept_sha256": lambda _asking: "",
    "by": lambda _asking: "",
    "numbers": lambda _asking: "+8617000000101",
    "subject": lambda _asking: "l0.example",
    "page_size": lambda _asking: 100,
    "page_token": lambda _asking: "",
    "after": lambda _asking: "",
    "before": lambda _asking: "",
    "most": lambda _asking: 100,
    "limit": lambda _asking: 100,
    "count": lambda _asking: 10,
    "bucket_minutes": lambda _asking: 60,
    "policy": lambda asking: asking.service.records.policy,
    "against": lambda _asking: "",
}  # fmt: skip
"""Values by the names of fields; others are filled by their types."""


def somebody(dice: random.Random, number: int) -> Person:
    regions = tuple(dice.sample(REGIONS[1:], dice.randint(1, 2)))
    return Person(name=f"somebody-{number}", roles=ROLES, regions=regions)


def leaked(method: str, request: Any, answer: Any, who: Person) -> set[str]:
    """Return the regions in an answer that are not for *who*."""
    scope, said, asked = scope_of(who), written(answer), written(request)
    # What entries of the province say is there for everybody, also where a decision names them.
    like_entries = method.partition("/")[0] in (*READ_BY_ALL, "DecisionLogService", "HitService")
    marked = {"" if one == ALL else one for one in MARK.findall(said)}
    marked -= {"" if one == ALL else one for one in MARK.findall(asked)}
    # Regions around those of a person are no secret.
    coded = {
        one
        for one in map(
            region_codes.region_key, set(_CODE.findall(said)) - set(_CODE.findall(asked))
        )
        if not any(mine.startswith(one) for mine in who.regions)
    }
    may_read = region_scope.may_read if like_entries else roles.may_access_region
    return {one or ALL for one in marked if not may_read(scope, one)} | {
        one for one in coded if not roles.may_access_region(scope, one)
    }


@pytest.mark.parametrize("seed", [1])
def test_no_answer_tells_of_other_regions_and_no_request_changes_them(
    service: RegionalService, seed: int
) -> None:
    dice = random.Random(seed)
    asking, answered = Asking(dice, service), set[str]()

    for number in range(PEOPLE):
        asking.who = who = somebody(dice, number)
        # What people before asked for changes sources when it comes.
        eventually(lambda: not any(one.asked for one in sources_of(service)))
        before = beyond(service, who)
        for method in dice.sample(ASKED * TIMES, len(ASKED) * TIMES):
            request = asking.request(method)
            answer = service.ask(method, request, who)
            assert not leaked(method, request, answer, who), (method, who, request, answer)
            refused = isinstance(answer, Refused)
            assert not refused or answer.code.name not in {"UNKNOWN", "INTERNAL"}, answer
            assert refused or method not in WHOLE, (method, who, answer)
            answered |= set() if refused else {method}
        after = beyond(service, who)
        assert {name: one for name, one in before.items() if after.get(name) != one} == {}, who
        assert set(after) == set(before), who

        assert not acted(service, who), who

    reads = {one for one in ASKED if _READS.search(one)} - WHOLE
    for method in sorted(reads - answered):
        # By chance, each request may have been about something else.
        tries = (service.ask(method, asking.request(method), who) for _ in range(MORE_TIMES))
        answered |= {method} if any(not isinstance(one, Refused) for one in tries) else set()
    assert reads - answered == set()
