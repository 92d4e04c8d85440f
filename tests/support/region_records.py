"""Records of a `RegionalService` that somebody with regions may not change, and what they did."""

import re
from typing import Any

from fanzha.v1 import (
    assessment_pb2,
    case_pb2,
    education_pb2,
    entity_pb2,
    incident_pb2,
    source_pb2,
)
from services.auth import roles
from services.auth.identity import Identity
from tests.support.regional_office import Person, written
from tests.support.regional_service import ALL, REGIONS, RegionalService

MARK = re.compile(r"m-([0-9a-z]+)-m")


def scope_of(who: Person) -> Identity:
    return Identity(name=who.name, roles=frozenset(), regions=frozenset(who.regions))


def beyond(service: RegionalService, who: Person) -> dict[str, str]:
    """Return the records that *who* may not change, as they are."""
    scope, found = scope_of(who), {}
    reads: list[tuple[str, Any, str]] = [
        ("EntityService/ListEntities", entity_pb2.ListEntitiesRequest(page_size=500), "entity_id"),
        (
            "IncidentService/ListIncidents",
            incident_pb2.ListIncidentsRequest(page_size=500),
            "incident_id",
        ),
        (
            "EducationService/ListEducationCampaigns",
            education_pb2.ListEducationCampaignsRequest(page_size=500),
            "campaign_id",
        ),
        (
            "AssessmentService/ListUnitTasks",
            assessment_pb2.ListUnitTasksRequest(page_size=500),
            "task_id",
        ),
    ]
    for method, request, key in reads:
        for record in service.done(method, request).ListFields()[0][1]:
            if not roles.may_access_region(scope, region_of(record)):
                found[f"{method} {getattr(record, key)}"] = written(record)
    for source in sources_of(service):
        if not roles.may_access_region(scope, region_of(source)):
            asked = source_pb2.ListPullsRequest(name=source.name)
            pulls = service.done("SourceService/ListPulls", asked).pulls
            found[f"source {source.name}"] = (
                f"{source.asked} {who.name in {one.by for one in pulls}}"
            )
    return found


def sources_of(service: RegionalService) -> Any:
    """Return the sources, as somebody of the whole province sees them."""
    request = source_pb2.ListDataSourcesRequest()
    return service.done("SourceService/ListDataSources", request).sources


def acted(service: RegionalService, who: Person) -> list[str]:
    """Return the regions beyond those of *who* in which they did something about a case."""
    found = []
    for region, case_id in zip(REGIONS, service.records.cases, strict=True):
        request = case_pb2.GetCaseHistoryRequest(case_id=case_id, page_size=200)
        history = service.done("CaseService/GetCaseHistory", request)
        if who.name in written(history) and not roles.may_access_region(scope_of(who), region):
            found.append(region or ALL)
    return found


def region_of(record: Any) -> str:
    """Return the region of a record; of a task or a source, that of its unit or in its name."""
    if hasattr(record, "region"):
        return str(record.region)
    named = getattr(record, "unit", "").removeprefix("unit") or getattr(record, "name", "")
    mark = MARK.fullmatch(named)
    return ("" if mark[1] == ALL else mark[1]) if mark else named
