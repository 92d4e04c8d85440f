"""Serves DecisionLogService: converts messages, reads the log, converts back."""

from collections.abc import AsyncIterator, Sequence

from fanzha.errors import InvalidInput
from fanzha.v1 import decision_log_pb2 as pb
from fanzha.v1 import decision_log_pb2_grpc as pb_grpc
from services.decision_log.service import MOST_COUNTS, DecisionLogReader
from services.rpc.decision_log import messages
from services.rpc.lists import messages as list_messages


class DecisionLogServicer(pb_grpc.DecisionLogServiceServicer):
    """Reads the decision log. Errors become statuses in the error interceptor."""

    def __init__(self, log: DecisionLogReader) -> None:
        self._log = log

    async def FindDecisions(
        self, request: pb.FindDecisionsRequest, context: object
    ) -> pb.FindDecisionsResponse:
        found = await self._log.find(
            messages.conditions(request),
            unmasked=request.unmasked,
            page_size=request.page_size,
            page_token=request.page_token,
            counted=not request.uncounted,
        )
        return pb.FindDecisionsResponse(
            decisions=map(messages.decision, found.rows),
            next_page_token=found.next_token,
            total=found.total,
            events=found.events,
            torn=found.torn,
        )

    async def GetDecision(
        self, request: pb.GetDecisionRequest, context: object
    ) -> pb.GetDecisionResponse:
        found = await self._log.get(
            request.decision_id,
            since_ms=request.since_ms,
            unmasked=request.unmasked,
            with_content=request.with_content,
        )
        return pb.GetDecisionResponse(
            decision=messages.decision(found.row),
            why=messages.explanation(found.why),
            shadow=messages.explanation(found.shadow) if found.shadow else None,
            entry=list_messages.entry(found.entry) if found.entry else None,
            content=found.content,
            analysis=messages.analysis(found.analysis),
        )

    async def CountDecisions(
        self, request: pb.CountDecisionsRequest, context: object
    ) -> pb.CountDecisionsResponse:
        counts = await self._log.count(
            messages.since(request.since_ms), _groupings(list(map(int, request.by)))
        )
        return pb.CountDecisionsResponse(
            counts=map(messages.count, counts[:MOST_COUNTS]), cut=len(counts) > MOST_COUNTS
        )

    async def GetTraffic(
        self, request: pb.GetTrafficRequest, context: object
    ) -> pb.GetTrafficResponse:
        found = await self._log.traffic(
            messages.since(request.since_ms),
            request.until_ms,
            bucket_minutes=request.bucket_minutes,
        )
        return messages.traffic(found)

    async def TailDecisions(
        self, request: pb.TailDecisionsRequest, context: object
    ) -> AsyncIterator[pb.TailDecisionsResponse]:
        async for part in self._log.tail(
            messages.tail_conditions(request), most=request.most, unmasked=request.unmasked
        ):
            yield pb.TailDecisionsResponse(
                decisions=map(messages.decision, part.rows), skipped=part.skipped
            )


def _groupings(numbers: Sequence[int]) -> list[str]:
    unknown = set(numbers) - set(messages.GROUPINGS)
    if unknown:
        raise InvalidInput("by: unknown number {unknown}", unknown=min(unknown))
    return [messages.GROUPINGS[number] for number in numbers]
