"""Serves MappingService: converts messages, calls the store, converts back."""

from collections.abc import Callable
from typing import Any

from fanzha.v1 import mapping_pb2 as pb
from fanzha.v1 import mapping_pb2_grpc as pb_grpc
from services.lists.column_mappings import ColumnMapping, ColumnMappings

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


class MappingServicer(pb_grpc.MappingServiceServicer):
    """Serves column mappings. Errors become statuses in the error interceptor."""

    def __init__(self, mappings: ColumnMappings) -> None:
        self._mappings = mappings

    async def SaveMapping(
        self, request: pb.SaveMappingRequest, context: object
    ) -> pb.SaveMappingResponse:
        mapping = request.mapping
        saved = await self._mappings.save(
            source=mapping.source,
            header=tuple(mapping.header),
            holds={column.name: column.holds for column in mapping.columns},
            author=mapping.saved_by,
        )
        return pb.SaveMappingResponse(mapping=_message(saved))

    async def ListMappings(
        self, request: pb.ListMappingsRequest, context: object
    ) -> pb.ListMappingsResponse:
        source = request.source if request.HasField("source") else None
        return pb.ListMappingsResponse(mappings=map(_message, await self._mappings.all(source)))

    async def ForgetMapping(
        self, request: pb.ForgetMappingRequest, context: object
    ) -> pb.ForgetMappingResponse:
        forgotten = await self._mappings.forget(request.mapping_id)
        return pb.ForgetMappingResponse(mapping=_message(forgotten))


def _message(one: ColumnMapping) -> pb.Mapping:
    return pb.Mapping(
        mapping_id=one.mapping_id,
        source=_wire(one.source),
        header=one.header,
        columns=[pb.MappedColumn(name=name, holds=holds) for name, holds in one.holds.items()],
        saved_by=one.saved_by,
        saved_at_s=one.saved_at_s,
    )
