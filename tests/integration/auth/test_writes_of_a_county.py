"""People of a county approve campaigns, settle exit steps and send leads: theirs, not another's."""

import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.v1 import education_pb2, entity_pb2, incident_pb2
from services.incidents import lead_package
from tests.support.identities import AUDIENCE, ISSUER, Issuer
from tests.support.processes import LEAN, fanzha_up
from tests.support.regional_office import Person, Refused
from tests.support.regional_service import DAY_MS, RegionalService
from tests.support.rpc_fuzz import all_methods

HOME = "330106"
ZHOU = Person(name="zhou", roles=("editor", "operator"), regions=(HOME,))
QIAN = Person(name="qian", roles=("approver", "auditor"), regions=(HOME,))
"""They work in the county: one drafts, the other decides."""
CITY = Person(name="city", roles=("editor", "approver", "operator", "auditor"), regions=("3301",))
STRANGERS = [
    Person(name=f"of-{region}", roles=CITY.roles, regions=(region,))
    for region in ("330110", "3302")
]
"""Of the county beside it, and of another city."""
SUN = Person(name="sun", roles=CITY.roles)
"""Of the whole province."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegionalService]:
    folder = tmp_path_factory.mktemp("county")
    issuer = Issuer(folder / "jwks.json")
    (folder / "data").mkdir(mode=0o700)
    settings = {
        **LEAN,
        "FANZHA_JWKS_FILE": str(folder / "jwks.json"),
        "FANZHA_TOKEN_ISSUER": ISSUER,
        "FANZHA_TOKEN_AUDIENCE": AUDIENCE,
    }
    methods = {one.path.removeprefix("/fanzha.v1."): one for one in all_methods()}
    with (
        fanzha_up(folder / "data", workers=1, **settings) as running,
        grpc.insecure_channel(running.admin) as channel,
    ):
        yield RegionalService(issuer=issuer, channels=[channel], methods=methods)


def assert_not_there(service: RegionalService, method: str, request: Any) -> None:
    """Let strangers ask: to them, what the request names does not exist."""
    for who in STRANGERS:
        answer = service.ask(method, request, who)
        assert isinstance(answer, Refused), (who, answer)
        assert answer.code is grpc.StatusCode.NOT_FOUND, (who, answer)


def assert_not_theirs(service: RegionalService, method: str, request: Any, who: Person) -> None:
    answer = service.ask(method, request, who)
    assert isinstance(answer, Refused), answer
    assert answer.code is grpc.StatusCode.PERMISSION_DENIED, answer


def a_campaign(region: str) -> education_pb2.CreateEducationCampaignRequest:
    now = int(time.time() * 1000)
    return education_pb2.CreateEducationCampaignRequest(
        campaign=education_pb2.EducationCampaign(
            name="十二月宣传", region=region, text="【反诈宣传】不轻信陌生来电。", template="own",
            template_version="1", start_ms=now + DAY_MS, end_ms=now + 9 * DAY_MS, daily_cap=10,
        )
    )  # fmt: skip


def test_a_campaign_is_approved_by_people_of_its_county(service: RegionalService) -> None:
    create, approve = (f"EducationService/{one}EducationCampaign" for one in ("Create", "Approve"))
    assert_not_theirs(service, create, a_campaign("330110"), ZHOU)
    assert_not_theirs(service, create, a_campaign("3301"), ZHOU)
    draft = service.done(create, a_campaign(HOME), ZHOU).campaign
    add = education_pb2.AddEducationRecipientsRequest(
        campaign_id=draft.campaign_id, revision=draft.revision,
        recipients=[education_pb2.EducationRecipient(
            number="+8617000000201", region=HOME, consent_source="服务协议",
            consent_day="2026-05-31",
        )],
    )  # fmt: skip
    assert_not_there(service, "EducationService/AddEducationRecipients", add)
    revision = service.done("EducationService/AddEducationRecipients", add, ZHOU).campaign.revision
    request = education_pb2.ApproveEducationCampaignRequest(
        campaign_id=draft.campaign_id, revision=revision
    )

    assert_not_there(service, approve, request)
    assert_not_theirs(service, approve, request, ZHOU)  # who has drafted it
    approved = service.done(approve, request, QIAN).campaign

    assert approved.state == education_pb2.EDUCATION_STATE_APPROVED
    assert (approved.approved_by, approved.region) == ("qian", HOME)
    stop = education_pb2.StopEducationCampaignRequest(campaign_id=draft.campaign_id, note="x")
    assert_not_there(service, "EducationService/StopEducationCampaign", stop)
    stopped = service.done("EducationService/StopEducationCampaign", stop, CITY).campaign
    assert stopped.state == education_pb2.EDUCATION_STATE_STOPPED


def an_entity(region: str, name: str = "示例贷") -> entity_pb2.RegisterEntityRequest:
    return entity_pb2.RegisterEntityRequest(
        entity=entity_pb2.Entity(
            name=name, kind=entity_pb2.ENTITY_KIND_PLATFORM, cleanup="2026", region=region,
            financial_fraud=entity_pb2.FINANCIAL_FRAUD_ONLINE_LENDING,
        )
    )  # fmt: skip


def test_exit_steps_are_settled_by_people_of_their_county(service: RegionalService) -> None:
    register, settle = "EntityService/RegisterEntity", "EntityService/SettleExitStep"
    assert_not_theirs(service, register, an_entity("330110"), ZHOU)
    entity = service.done(register, an_entity(HOME), ZHOU).entity
    of_province = service.done(register, an_entity("", "示例贷省"), SUN).entity
    steps = [
        entity_pb2.SettleExitStepRequest(
            entity_id=entity.entity_id, step=step.name, document="文7号",
            state=entity_pb2.EXIT_STEP_STATE_DONE,
        )
        for step in entity.steps
    ]  # fmt: skip
    assign = entity_pb2.AssignExitStepRequest(
        entity_id=entity.entity_id, step=steps[0].step, owner="carriers"
    )

    assert_not_there(service, "EntityService/AssignExitStep", assign)
    assert_not_there(service, settle, steps[0])
    foreign = entity_pb2.SettleExitStepRequest(
        entity_id=of_province.entity_id, step=steps[0].step, state=steps[0].state, document="x"
    )
    answer = service.ask(settle, foreign, ZHOU)
    assert isinstance(answer, Refused)
    assert answer.code is grpc.StatusCode.NOT_FOUND
    service.done("EntityService/AssignExitStep", assign, ZHOU)
    for step in steps:
        settled = service.done(settle, step, ZHOU).entity
    close = entity_pb2.CloseEntityRequest(entity_id=entity.entity_id, revision=settled.revision)
    assert_not_there(service, "EntityService/CloseEntity", close)
    closed = service.done("EntityService/CloseEntity", close, QIAN).entity

    assert (closed.state, closed.closed_by) == (entity_pb2.ENTITY_STATE_CLOSED, "qian")
    assert {step.settled_by for step in closed.steps} == {"zhou"}
    untouched = service.done(
        "EntityService/GetEntity", entity_pb2.GetEntityRequest(entity_id=of_province.entity_id), SUN
    ).entity
    assert untouched.revision == of_province.revision


def test_a_name_that_another_region_has_in_a_cleanup_is_refused_without_saying_whose(
    service: RegionalService,
) -> None:
    register = "EntityService/RegisterEntity"
    first = service.done(register, an_entity("330110", "示例贷乙"), SUN)

    answer = service.ask(register, an_entity(HOME, "示例贷乙"), ZHOU)
    again = service.done(register, an_entity("330110", "示例贷乙"), SUN)

    assert isinstance(answer, Refused)
    assert answer.code is grpc.StatusCode.INVALID_ARGUMENT
    assert answer.details == "name: the clean-up has an entity of that name in another region"
    assert (first.first, again.first) == (True, False)


def an_incident(region: str) -> incident_pb2.OpenIncidentRequest:
    part = incident_pb2.IncidentPart(kind=incident_pb2.PART_KIND_SUBJECT, reference="loan.example")
    return incident_pb2.OpenIncidentRequest(
        incident=incident_pb2.Incident(title="假贷款", region=region, parts=[part])
    )


def test_a_lead_is_sent_by_people_of_its_county(service: RegionalService, tmp_path: Path) -> None:
    send, get = "IncidentService/SendLead", "IncidentService/GetLeadPackage"
    assert_not_theirs(service, "IncidentService/OpenIncident", an_incident("330110"), ZHOU)
    incident = service.done("IncidentService/OpenIncident", an_incident(HOME), ZHOU).incident
    draft = incident_pb2.DraftLeadRequest(
        incident_id=incident.incident_id, department="tax", purpose="look at the company"
    )
    assert_not_there(service, "IncidentService/DraftLead", draft)
    drafted = service.done("IncidentService/DraftLead", draft, ZHOU).incident
    request = incident_pb2.SendLeadRequest(
        incident_id=incident.incident_id, lead_id=1, revision=drafted.revision
    )

    assert_not_there(service, send, request)
    (sent,) = service.done(send, request, QIAN).incident.leads

    assert (sent.state, sent.sent_by) == (incident_pb2.LEAD_STATE_SENT, "qian")
    package = incident_pb2.GetLeadPackageRequest(incident_id=incident.incident_id, lead_id=1)
    assert_not_there(service, get, package)
    data = service.done(get, package, QIAN).package
    assert sha256(data).hexdigest() == sent.package_sha256
    (tmp_path / "lead.zip").write_bytes(data)
    assert lead_package.check(tmp_path / "lead.zip", None).good
