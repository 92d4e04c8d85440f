"""Serves EntityService: converts messages, calls the registry, converts back."""

from fanzha.errors import InvalidInput
from fanzha.v1 import entity_pb2 as pb
from fanzha.v1 import entity_pb2_grpc as pb_grpc
from infra import paging
from services.entities import queries, responsible_units
from services.entities.entry_proposals import EntityEntries, ProposalTerms
from services.entities.model import Entity
from services.entities.queries import EntityFilter
from services.entities.service import EntityRegistry
from services.rpc.entities import messages
from services.rpc.lists import messages as list_messages

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


class EntityServicer(pb_grpc.EntityServiceServicer):
    """Serves the registry. Errors become statuses in the error interceptor."""

    def __init__(self, registry: EntityRegistry, entries: EntityEntries) -> None:
        self._registry = registry
        self._entries = entries

    async def RegisterEntity(
        self, request: pb.RegisterEntityRequest, context: object
    ) -> pb.RegisterEntityResponse:
        draft = messages.draft(request.entity)
        entity, first = await self._registry.register(draft, request.by)
        return pb.RegisterEntityResponse(entity=self._shown(entity), first=first)

    async def EditEntity(
        self, request: pb.EditEntityRequest, context: object
    ) -> pb.EditEntityResponse:
        given = request.entity
        entity = await self._registry.edit(
            given.entity_id, given.revision, messages.draft(given), request.by
        )
        return pb.EditEntityResponse(entity=self._shown(entity))

    async def GetEntity(
        self, request: pb.GetEntityRequest, context: object
    ) -> pb.GetEntityResponse:
        return pb.GetEntityResponse(entity=self._shown(await self._registry.get(request.entity_id)))

    async def ListEntities(
        self, request: pb.ListEntitiesRequest, context: object
    ) -> pb.ListEntitiesResponse:
        size = request.page_size or DEFAULT_PAGE_SIZE
        if size > MAX_PAGE_SIZE:
            raise InvalidInput(
                "page_size: must be 1 to {most}, not {given}", most=MAX_PAGE_SIZE, given=size
            )
        wanted = EntityFilter(
            state=int(request.state),
            cleanup=request.cleanup.strip(),
            financial_fraud=int(request.financial_fraud),
            owner=responsible_units.code_of(request.owner.strip()),
            overdue_only=request.overdue_only,
            text=request.text.strip(),
        )
        now, start = self._registry.now_ms(), paging.number_of(request.page_token)
        found = queries.select(await self._registry.all(), wanted, start, size, now)
        return pb.ListEntitiesResponse(
            entities=[messages.entity(one, now, events=False) for one in found.page],
            next_page_token=paging.position_at(found.next_start),
            total=found.total,
            by_state={int(state): count for state, count in found.by_state.items()},
            steps=map(messages.count, found.steps),
        )

    async def AssignExitStep(
        self, request: pb.AssignExitStepRequest, context: object
    ) -> pb.AssignExitStepResponse:
        entity = await self._registry.assign(
            request.entity_id, request.step, request.owner, request.due_ms, request.by
        )
        return pb.AssignExitStepResponse(entity=self._shown(entity))

    async def SettleExitStep(
        self, request: pb.SettleExitStepRequest, context: object
    ) -> pb.SettleExitStepResponse:
        entity = await self._registry.settle(
            request.entity_id, request.step, messages.settlement(request), request.by
        )
        return pb.SettleExitStepResponse(entity=self._shown(entity))

    async def CloseEntity(
        self, request: pb.CloseEntityRequest, context: object
    ) -> pb.CloseEntityResponse:
        entity = await self._registry.close(
            request.entity_id, request.revision, request.note, request.by
        )
        return pb.CloseEntityResponse(entity=self._shown(entity))

    async def ProposeEntityEntries(
        self, request: pb.ProposeEntityEntriesRequest, context: object
    ) -> pb.ProposeEntityEntriesResponse:
        proposed = await self._entries.propose(
            request.entity_id,
            ProposalTerms(
                days=request.days,
                dry_run=request.dry_run,
                by_field=request.by,
                confirmed_risks=tuple(request.confirmed_risks),
            ),
        )
        return pb.ProposeEntityEntriesResponse(
            change_id=proposed.change_id,
            rows=map(list_messages.report, proposed.rows),
            not_listable=proposed.not_listable,
            entity=self._shown(proposed.entity),
        )

    async def SettleSighting(
        self, request: pb.SettleSightingRequest, context: object
    ) -> pb.SettleSightingResponse:
        entity = await self._registry.settle_sighting(
            request.entity_id, messages.seen(request.identifier), request.note, request.by
        )
        return pb.SettleSightingResponse(entity=self._shown(entity))

    def _shown(self, entity: Entity) -> pb.Entity:
        return messages.entity(entity, self._registry.now_ms())
