"""Incidents and leads on a real store: who may do what, in which order, and what is recorded."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from fanzha.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from infra.redis.client import connect
from services.audit import keys
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity
from services.auth.identity import Identity, Role
from services.incidents import departments, lead_package, stages
from services.incidents.departments import DataClass
from services.incidents.facts import Fact, FactRow
from services.incidents.leads import LeadAnswer, LeadDesk, LeadDraft
from services.incidents.metrics import IncidentFigures
from services.incidents.model import (
    HandlingStage,
    Incident,
    LeadOutcome,
    LeadState,
    PartKind,
)
from services.incidents.part_sources import DocumentSource
from services.incidents.service import IncidentDesk, IncidentDraft, PartDraft
from services.incidents.store import IncidentStore, LeadPackageStore
from tests.support.builders import NINE_O_CLOCK_MS

DRAFT = IncidentDraft(title="假贷款", fraud_type=5, region="3301")
SUSPECT = PartDraft(kind=PartKind.SUBJECT, reference="+8617000000123")
DOCUMENT = PartDraft(kind=PartKind.DOCUMENT, reference="report.pdf", sha256="A" * 64)
LEAD = LeadDraft(department="market_regulation", purpose="look at the company")
DAY_MS = 86_400_000


def editor(name: str, *regions: str) -> Identity:
    return Identity(name=name, roles=frozenset({Role.EDITOR}), regions=frozenset(regions))


@dataclass
class Recorded:
    """An audit log that a test reads."""

    events: list[tuple[AuditKind, str, Mapping[str, str], str]] = field(default_factory=list)

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        self.events.append((kind, subject, details, actor))


@dataclass
class KnownSubjects:
    """Subjects of which some are known."""

    kind: PartKind = PartKind.SUBJECT
    unknown: str = "+8617000000404"

    def canonical(self, reference: str) -> str:
        return reference.strip()

    async def rows(self, reference: str) -> Sequence[FactRow]:
        if reference == self.unknown:
            raise NotFound("reference: nothing is known of it")
        return [{"subject": Fact(reference, DataClass.SUSPECT)}]


@dataclass
class Desks:
    """The desks of incidents and of leads, with what they write."""

    incidents: IncidentDesk
    leads: LeadDesk
    audit: Recorded
    figures: IncidentFigures
    registry: CollectorRegistry
    public_keys: keys.PublicKeys

    async def opened(self, *parts: PartDraft, draft: IncidentDraft = DRAFT) -> Incident:
        with identity.acting_as(editor("li")):
            incident, _ = await self.incidents.open(draft, parts or [SUSPECT], "")
        return incident

    async def tracked(self, *parts: PartDraft) -> Incident:
        incident = await self.opened(*parts)
        with identity.acting_as(editor("li")):
            for stage in (2, 3, 4):
                incident = await self.incidents.move(
                    incident.incident_id, incident.revision, stage, "done", ""
                )
        return incident

    async def sent(self, incident: Incident) -> Incident:
        with identity.acting_as(editor("li")):
            drafted = await self.leads.draft(incident.incident_id, LEAD, "")
        with identity.acting_as(editor("wang")):
            return await self.leads.send(incident.incident_id, 1, drafted.revision, "")


@pytest_asyncio.fixture
async def desks(redis_url: str, tmp_path: Path) -> AsyncIterator[Desks]:
    texts, packages = connect(redis_url), connect(redis_url, decode_responses=False)
    audit, registry, key = Recorded(), CollectorRegistry(), keys.open_key(tmp_path / "key")
    store, kept = IncidentStore(texts), LeadPackageStore(packages)
    desk = IncidentDesk(
        store=store,
        packages=kept,
        sources={PartKind.SUBJECT: KnownSubjects(), PartKind.DOCUMENT: DocumentSource()},
        stages=stages.load(),
        trail=AuditedActions(audit, "incident"),
        now_ms=lambda: NINE_O_CLOCK_MS,
    )
    leads = LeadDesk(desk, packages=kept, departments=departments.load(), audit=audit, key=key)
    figures = IncidentFigures(store, registry, lambda: NINE_O_CLOCK_MS)
    public = keys.read_public(key.public_pem, "key")
    yield Desks(desk, leads, audit, figures, registry, public)
    await texts.aclose()
    await packages.aclose()


async def test_an_incident_begins_with_monitoring_and_its_deadline(desks: Desks) -> None:
    incident = await desks.opened()

    assert incident.stage is HandlingStage.MONITORING
    assert incident.due_ms == NINE_O_CLOCK_MS + DAY_MS
    assert (incident.owner, incident.opened_by) == ("provincial_communications", "li")
    kind, subject, details, actor = desks.audit.events[-1]
    assert (kind, actor) == (AuditKind.INCIDENT_OPENED, "li")
    assert (subject, details["parts"]) == (f"incident:{incident.incident_id}", "1")


async def test_a_region_has_each_title_once(desks: Desks) -> None:
    first = await desks.opened()

    with identity.acting_as(editor("wang")):
        again, new = await desks.incidents.open(DRAFT, [DOCUMENT], "")

    assert not new
    assert (again.incident_id, again.opened_by) == (first.incident_id, "li")
    other = await desks.opened(draft=replace(DRAFT, region="3302"))
    assert other.incident_id != first.incident_id


async def test_parts_are_joined_once_and_the_log_fixes_hashes_but_masks_numbers(
    desks: Desks,
) -> None:
    incident = await desks.opened()

    with identity.acting_as(editor("li")):
        joined = await desks.incidents.add_parts(incident.incident_id, [SUSPECT, DOCUMENT], "")
        again = await desks.incidents.add_parts(incident.incident_id, [DOCUMENT], "")

    assert [one.reference for one in joined.parts] == [SUSPECT.reference, "report.pdf"]
    assert again.revision == joined.revision
    _, _, details, _ = desks.audit.events[-1]
    assert (details["what"], details["parts"], details["sha256"]) == ("joined", "1", "a" * 64)
    assert SUSPECT.reference not in str([one[2] for one in desks.audit.events])


async def test_what_is_not_known_cannot_be_joined(desks: Desks) -> None:
    incident = await desks.opened()
    unknown = replace(SUSPECT, reference="+8617000000404")

    with identity.acting_as(editor("li")):
        with pytest.raises(NotFound):
            await desks.incidents.add_parts(incident.incident_id, [unknown], "")
        with pytest.raises(InvalidInput):
            await desks.incidents.add_parts(
                incident.incident_id, [replace(DOCUMENT, sha256="1")], ""
            )
        with pytest.raises(InvalidInput):
            await desks.incidents.add_parts(
                incident.incident_id, [PartDraft(kind=0, reference="x")], ""
            )


async def test_a_part_is_taken_out_with_a_reason(desks: Desks) -> None:
    incident = await desks.opened()

    with identity.acting_as(editor("li")):
        with pytest.raises(InvalidInput, match="note"):
            await desks.incidents.remove_part(incident.incident_id, 1, "", "")
        left = await desks.incidents.remove_part(incident.incident_id, 1, "wrong", "")

    assert left.parts == ()
    assert desks.audit.events[-1][2]["why"] == "wrong"


async def test_stages_are_passed_one_by_one_and_each_has_its_deadline(desks: Desks) -> None:
    incident = await desks.opened()

    with identity.acting_as(editor("li")):
        with pytest.raises(InvalidInput, match="next"):
            await desks.incidents.move(incident.incident_id, incident.revision, 3, "x", "")
        moved = await desks.incidents.move(incident.incident_id, incident.revision, 2, "x", "")
        with pytest.raises(VersionConflict):
            await desks.incidents.move(incident.incident_id, incident.revision, 3, "x", "")
        with pytest.raises(InvalidInput, match="unknown"):
            await desks.incidents.move(incident.incident_id, moved.revision, 5, "x", "")

    assert moved.stage is HandlingStage.WARNING
    assert (moved.events[-1].stage, moved.events[-1].note) == (HandlingStage.WARNING, "x")
    assert moved.due_ms == NINE_O_CLOCK_MS + stages.load()[HandlingStage.WARNING].hours * 3_600_000


async def test_nothing_is_due_in_the_year_21192(desks: Desks) -> None:
    incident = await desks.opened()

    with identity.acting_as(editor("li")), pytest.raises(InvalidInput, match="due_ms"):
        await desks.incidents.assign(incident.incident_id, "unit", 606_587_000_000_000, "")


async def test_an_empty_incident_stays_where_it_is(desks: Desks) -> None:
    with identity.acting_as(editor("li")):
        incident, _ = await desks.incidents.open(replace(DRAFT, title="leer"), [], "")
        with pytest.raises(InvalidInput, match="join something"):
            await desks.incidents.move(incident.incident_id, incident.revision, 2, "x", "")


async def test_another_person_closes_it_from_tracking_and_moving_back_opens_it(
    desks: Desks,
) -> None:
    incident = await desks.tracked()

    with identity.acting_as(editor("LI")), pytest.raises(NotAllowed):
        await desks.incidents.close(incident.incident_id, incident.revision, "quiet", "")
    with identity.acting_as(editor("wang")):
        closed = await desks.incidents.close(incident.incident_id, incident.revision, "quiet", "")
        with pytest.raises(InvalidInput, match="closed"):
            await desks.incidents.add_parts(incident.incident_id, [DOCUMENT], "")
        again = await desks.incidents.move(closed.incident_id, closed.revision, 3, "back", "")

    assert (closed.stage, closed.closed_at_ms) == (HandlingStage.CLOSED, NINE_O_CLOCK_MS)
    assert (again.stage, again.closed_at_ms) == (HandlingStage.DISPOSAL, 0)


async def test_people_of_another_region_see_nothing_of_it(desks: Desks) -> None:
    incident = await desks.opened()

    with identity.acting_as(editor("sun", "3302")):
        assert await desks.incidents.all() == []
        with pytest.raises(NotFound):
            await desks.incidents.get(incident.incident_id)
        with pytest.raises(NotFound):
            await desks.leads.package(incident.incident_id, 1)
        with pytest.raises(NotAllowed):
            await desks.incidents.open(replace(DRAFT, title="x"), [], "")


async def test_a_lead_is_sent_by_another_person_than_drafted_it(desks: Desks) -> None:
    incident = await desks.opened(SUSPECT, DOCUMENT)
    with identity.acting_as(editor("li")):
        drafted = await desks.leads.draft(incident.incident_id, LEAD, "")
        with pytest.raises(NotAllowed):
            await desks.leads.send(incident.incident_id, 1, drafted.revision, "")
    with identity.acting_as(editor("wang")):
        with pytest.raises(VersionConflict):
            await desks.leads.send(incident.incident_id, 1, incident.revision, "")
        sent = await desks.leads.send(incident.incident_id, 1, drafted.revision, "")

    (lead,) = sent.leads
    assert (lead.state, lead.sent_by) == (LeadState.SENT, "wang")
    assert lead.due_ms == NINE_O_CLOCK_MS + departments.load()["market_regulation"].days * DAY_MS
    assert lead.legal_basis == departments.load()["market_regulation"].legal_basis


async def test_its_package_is_masked_signed_and_the_same_each_time(
    desks: Desks, tmp_path: Path
) -> None:
    incident = await desks.sent(await desks.opened(SUSPECT, DOCUMENT))

    lead, package = await desks.leads.package(incident.incident_id, 1)

    path = tmp_path / "lead.zip"
    path.write_bytes(package)
    checked = lead_package.check(path, desks.public_keys)
    assert checked.good
    assert checked.manifest["masked"] == 1
    assert lead.package_sha256 == sha256(package).hexdigest()
    assert desks.audit.events[-1][0] is AuditKind.EXPORTED
    assert desks.audit.events[-1][2]["department"] == "market_regulation"
    sent = next(one for one in desks.audit.events if one[2].get("what") == "lead_sent")
    assert sent[2]["package_sha256"] == lead.package_sha256


async def test_its_package_says_why_a_cluster_named_a_number_and_masks_the_number(
    desks: Desks, tmp_path: Path
) -> None:
    named = replace(SUSPECT, note="auto_dialer +8617000000*", why="calls 312, calls_an_hour 61")
    incident = await desks.sent(await desks.opened(named))

    _, package = await desks.leads.package(incident.incident_id, 1)

    with zipfile.ZipFile(io.BytesIO(package)) as file:
        (row,) = json.loads(file.read(lead_package.FACTS))
    assert row["why"] == "calls 312, calls_an_hour 61"
    assert SUSPECT.reference not in str(row)
    assert "17000000" not in str(row)


async def test_an_answer_comes_back_and_lets_the_incident_be_closed(desks: Desks) -> None:
    incident = await desks.sent(await desks.tracked())
    number = incident.incident_id

    with identity.acting_as(editor("wang")), pytest.raises(InvalidInput, match="answer"):
        await desks.incidents.close(number, incident.revision, "x", "")
    with identity.acting_as(editor("li")):
        received = await desks.leads.receive(number, 1, "收7号", "")
        with pytest.raises(InvalidInput):
            await desks.leads.receive(number, 1, "收7号", "")
        with pytest.raises(InvalidInput, match="outcome"):
            await desks.leads.answer(number, 1, LeadAnswer(outcome=9, document="x"), "")
        answer = LeadAnswer(outcome=LeadOutcome.PENALTY, document="罚7号")
        answered = await desks.leads.answer(number, 1, answer, "")
    with identity.acting_as(editor("wang")):
        closed = await desks.incidents.close(number, answered.revision, "penalty", "")

    assert received.leads[0].receipt == "收7号"
    assert answered.leads[0].outcome is LeadOutcome.PENALTY
    assert closed.leads[0].package_sha256
    with pytest.raises(NotFound):
        await desks.leads.package(number, 1)


async def test_a_lead_can_be_withdrawn_until_it_is_answered(desks: Desks) -> None:
    incident = await desks.sent(await desks.opened())

    with identity.acting_as(editor("li")):
        withdrawn = await desks.leads.withdraw(incident.incident_id, 1, "sent twice", "")
        with pytest.raises(InvalidInput):
            await desks.leads.withdraw(incident.incident_id, 1, "again", "")

    assert withdrawn.leads[0].state is LeadState.WITHDRAWN
    assert not withdrawn.leads[0].is_open


@pytest.mark.parametrize(
    "wrong",
    [
        replace(LEAD, department="navy"),
        replace(LEAD, purpose=" "),
        replace(LEAD, part_ids=[7]),
    ],
)
async def test_a_lead_that_says_not_what_for_is_refused(desks: Desks, wrong: LeadDraft) -> None:
    incident = await desks.opened()

    with identity.acting_as(editor("li")), pytest.raises(InvalidInput):
        await desks.leads.draft(incident.incident_id, wrong, "")


async def test_a_lead_hands_over_only_what_it_names(desks: Desks) -> None:
    incident = await desks.opened(SUSPECT, DOCUMENT)

    with identity.acting_as(editor("li")):
        drafted = await desks.leads.draft(incident.incident_id, replace(LEAD, part_ids=[2]), "")

    assert drafted.leads[0].parts == ((PartKind.DOCUMENT, "report.pdf"),)


async def test_stages_and_leads_are_counted(desks: Desks) -> None:
    await desks.sent(await desks.opened())

    await desks.figures.count()

    found = desks.registry.get_sample_value
    assert found("fanzha_incidents", {"stage": "monitoring"}) == 1
    assert found("fanzha_incident_leads", {"state": "sent"}) == 1
    assert found("fanzha_incidents_overdue") == 0
