"""Serves SourceService."""

from collections.abc import Callable
from typing import Any

from fanzha.errors import InvalidInput
from fanzha.translation.negotiation import for_caller
from fanzha.v1 import source_pb2 as pb
from fanzha.v1 import source_pb2_grpc as pb_grpc
from services.sources.model import PullOutcome, PullRecord
from services.sources.service import SourceControl, SourceView

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int
_OUTCOMES = {one: place for place, one in enumerate(PullOutcome, 1)}


class SourceServicer(pb_grpc.SourceServiceServicer):
    """Serves sources. Errors become statuses in the error interceptor."""

    def __init__(self, control: SourceControl) -> None:
        self._control = control

    async def ListDataSources(
        self, request: pb.ListDataSourcesRequest, context: object
    ) -> pb.ListDataSourcesResponse:
        return pb.ListDataSourcesResponse(sources=map(_status, await self._control.all()))

    async def ListPulls(
        self, request: pb.ListPullsRequest, context: object
    ) -> pb.ListPullsResponse:
        if request.count < 0:
            raise InvalidInput("count: 0 or more")
        found = await self._control.pulls(request.name, request.count)
        return pb.ListPullsResponse(pulls=map(_pull, found))

    async def PullSource(
        self, request: pb.PullSourceRequest, context: object
    ) -> pb.PullSourceResponse:
        found = await self._control.pull(
            request.name,
            by=request.by,
            accept_sha256=request.accept_sha256,
            reason=request.reason,
        )
        return pb.PullSourceResponse(source=_status(found))


def _status(one: SourceView) -> pb.SourceStatus:
    definition, state = one.definition, one.state
    return pb.SourceStatus(
        name=definition.name,
        kind=definition.connector.value,
        address=definition.address,
        brings=definition.brings.value,
        source=int(definition.source),
        every_seconds=definition.every_seconds,
        lag_seconds=one.age.lag_seconds,
        expected_lag_seconds=definition.expected_lag_seconds,
        late=one.is_late,
        good_ms=state.good_ms,
        changed_ms=state.changed_ms,
        due_ms=state.due_ms,
        failures=state.failures,
        held=state.held,
        last=_pull(state.last) if state.last else None,
        asked=one.asked,
    )


def _pull(one: PullRecord) -> pb.SourcePull:
    return pb.SourcePull(
        at_ms=one.at_ms,
        outcome=_wire(_OUTCOMES[one.outcome]),
        why=for_caller(one.why),
        file=one.file,
        sha256=one.sha256,
        size=one.size,
        rows=one.rows,
        results=one.results,
        change_id=one.change_id,
        by=one.by,
    )
