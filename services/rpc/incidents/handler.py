"""Serves IncidentService: converts messages, calls the desk, converts back."""

from fanzha.errors import InvalidInput
from fanzha.v1 import incident_pb2 as pb
from fanzha.v1 import incident_pb2_grpc as pb_grpc
from infra import paging
from services.auth import identity, personal_data
from services.entities import responsible_units
from services.incidents import departments, queries
from services.incidents.clusters import ClusterKind
from services.incidents.leads import LeadAnswer, LeadDraft
from services.incidents.model import Incident, PartKind
from services.incidents.queries import IncidentFilter
from services.incidents.service import PartDraft
from services.incidents.wiring import WiredIncidents
from services.rpc.incidents import messages

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


class IncidentServicer(pb_grpc.IncidentServiceServicer):
    """Serves incidents and leads. Errors become statuses in the error interceptor."""

    def __init__(self, incidents: WiredIncidents) -> None:
        self._desk = incidents.desk
        self._leads = incidents.leads
        self._clusters = incidents.clusters

    async def OpenIncident(
        self, request: pb.OpenIncidentRequest, context: object
    ) -> pb.OpenIncidentResponse:
        given = request.incident
        parts = await self._joined(list(given.parts), request.cluster)
        incident, first = await self._desk.open(messages.draft(given), parts, request.by)
        return pb.OpenIncidentResponse(incident=self._shown(incident), first=first)

    async def EditIncident(
        self, request: pb.EditIncidentRequest, context: object
    ) -> pb.EditIncidentResponse:
        given = request.incident
        incident = await self._desk.edit(given.incident_id, messages.draft(given), request.by)
        return pb.EditIncidentResponse(incident=self._shown(incident))

    async def GetIncident(
        self, request: pb.GetIncidentRequest, context: object
    ) -> pb.GetIncidentResponse:
        if request.unmasked:
            personal_data.check_unmasked("unmasked")
        incident, table = await self._desk.get(request.incident_id), self._leads.departments
        return pb.GetIncidentResponse(
            incident=messages.incident(
                incident, self._desk.now_ms(), table, unmasked=request.unmasked
            ),
            departments=messages.lead_departments(table),
        )

    async def ListIncidents(
        self, request: pb.ListIncidentsRequest, context: object
    ) -> pb.ListIncidentsResponse:
        wanted = IncidentFilter(
            stage=int(request.stage),
            fraud_type=int(request.fraud_type),
            region=request.region.strip(),
            owner=responsible_units.code_of(request.owner.strip()),
            department=departments.code_of(self._leads.departments, request.department),
            overdue_only=request.overdue_only,
            open_only=request.open_only,
            text=request.text.strip(),
        )
        now, start = self._desk.now_ms(), paging.number_of(request.page_token)
        size, table = _size("page_size", request.page_size), self._leads.departments
        found = queries.select(await self._desk.all(), wanted, start, size, now)
        return pb.ListIncidentsResponse(
            incidents=[messages.incident(one, now, table, whole=False) for one in found.page],
            next_page_token=paging.position_at(found.next_start),
            total=found.total,
            overdue=found.overdue,
            by_stage={int(stage): count for stage, count in found.by_stage.items()},
            departments=[messages.count(one, table) for one in found.departments],
        )

    async def AddIncidentParts(
        self, request: pb.AddIncidentPartsRequest, context: object
    ) -> pb.AddIncidentPartsResponse:
        parts = await self._joined(list(request.parts), request.cluster)
        incident = await self._desk.add_parts(request.incident_id, parts, request.by)
        return pb.AddIncidentPartsResponse(incident=self._shown(incident))

    async def RemoveIncidentPart(
        self, request: pb.RemoveIncidentPartRequest, context: object
    ) -> pb.RemoveIncidentPartResponse:
        part_id = await self._part_id(request.incident_id, request.part)
        incident = await self._desk.remove_part(
            request.incident_id, part_id, request.note, request.by
        )
        return pb.RemoveIncidentPartResponse(incident=self._shown(incident))

    async def AssignIncident(
        self, request: pb.AssignIncidentRequest, context: object
    ) -> pb.AssignIncidentResponse:
        incident = await self._desk.assign(
            request.incident_id, request.owner, request.due_ms, request.by
        )
        return pb.AssignIncidentResponse(incident=self._shown(incident))

    async def MoveIncident(
        self, request: pb.MoveIncidentRequest, context: object
    ) -> pb.MoveIncidentResponse:
        incident = await self._desk.move(
            request.incident_id, request.revision, int(request.stage), request.note, request.by
        )
        return pb.MoveIncidentResponse(incident=self._shown(incident))

    async def CloseIncident(
        self, request: pb.CloseIncidentRequest, context: object
    ) -> pb.CloseIncidentResponse:
        incident = await self._desk.close(
            request.incident_id, request.revision, request.note, request.by
        )
        return pb.CloseIncidentResponse(incident=self._shown(incident))

    async def FindClusters(
        self, request: pb.FindClustersRequest, context: object
    ) -> pb.FindClustersResponse:
        kind = _cluster_kind(int(request.kind))
        most = _size("most", request.most)
        found = await self._clusters.find(kind, request.since_ms, request.fewest)
        whole = not identity.current().roles.isdisjoint(personal_data.READERS)
        return pb.FindClustersResponse(
            clusters=[messages.cluster(one, unmasked=whole) for one in found[:most]],
            total=len(found),
        )

    async def DraftLead(
        self, request: pb.DraftLeadRequest, context: object
    ) -> pb.DraftLeadResponse:
        draft = LeadDraft(
            department=request.department,
            purpose=request.purpose,
            legal_basis=request.legal_basis,
            part_ids=[await self._part_id(request.incident_id, one) for one in request.parts],
        )
        incident = await self._leads.draft(request.incident_id, draft, request.by)
        return pb.DraftLeadResponse(incident=self._shown(incident))

    async def SendLead(self, request: pb.SendLeadRequest, context: object) -> pb.SendLeadResponse:
        incident = await self._leads.send(
            request.incident_id, request.lead_id, request.revision, request.by
        )
        return pb.SendLeadResponse(incident=self._shown(incident))

    async def GetLeadPackage(
        self, request: pb.GetLeadPackageRequest, context: object
    ) -> pb.GetLeadPackageResponse:
        lead, package = await self._leads.package(request.incident_id, request.lead_id)
        return pb.GetLeadPackageResponse(
            lead=messages.lead(lead, self._desk.now_ms(), self._leads.departments), package=package
        )

    async def ReceiveLead(
        self, request: pb.ReceiveLeadRequest, context: object
    ) -> pb.ReceiveLeadResponse:
        incident = await self._leads.receive(
            request.incident_id, request.lead_id, request.receipt, request.by
        )
        return pb.ReceiveLeadResponse(incident=self._shown(incident))

    async def AnswerLead(
        self, request: pb.AnswerLeadRequest, context: object
    ) -> pb.AnswerLeadResponse:
        answer = LeadAnswer(
            outcome=int(request.outcome), document=request.document, note=request.note
        )
        incident = await self._leads.answer(
            request.incident_id, request.lead_id, answer, request.by
        )
        return pb.AnswerLeadResponse(incident=self._shown(incident))

    async def WithdrawLead(
        self, request: pb.WithdrawLeadRequest, context: object
    ) -> pb.WithdrawLeadResponse:
        incident = await self._leads.withdraw(
            request.incident_id, request.lead_id, request.note, request.by
        )
        return pb.WithdrawLeadResponse(incident=self._shown(incident))

    async def _joined(
        self, parts: list[pb.IncidentPart], cluster: pb.ClusterReference
    ) -> list[PartDraft]:
        """Return drafts of *parts*, and of the numbers of a cluster, if there is one."""
        drafts = [messages.part_draft(one) for one in parts]
        if not cluster.common:
            return drafts
        kind = _cluster_kind(int(cluster.kind))
        found = await self._clusters.one(kind, cluster.common, cluster.since_ms)
        note = f"{kind.name.lower()} {found.common}"
        return drafts + [
            PartDraft(kind=PartKind.SUBJECT, reference=number, note=note, why=found.why)
            for number in found.numbers
        ]

    async def _part_id(self, incident_id: int, one: pb.IncidentPart) -> int:
        if one.part_id:
            return one.part_id
        incident = await self._desk.get(incident_id)
        return self._desk.find_part(incident, messages.part_draft(one)).part_id

    def _shown(self, incident: Incident) -> pb.Incident:
        return messages.incident(incident, self._desk.now_ms(), self._leads.departments)


def _cluster_kind(number: int) -> ClusterKind:
    if number not in set(ClusterKind):
        raise InvalidInput("kind: unknown number {number}", number=number)
    return ClusterKind(number)


def _size(field: str, given: int) -> int:
    if given > MAX_PAGE_SIZE:
        raise InvalidInput(
            "{field}: must be 1 to {most}, not {given}",
            field=field,
            most=MAX_PAGE_SIZE,
            given=given,
        )
    return given or DEFAULT_PAGE_SIZE
