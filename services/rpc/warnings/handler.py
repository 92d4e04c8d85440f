"""Serves WarningService: accepts warnings of sources and returns their outcomes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from enum import IntEnum
from typing import Any, TypeVar

from blocklists.entries import Source
from fanzha.errors import InvalidInput, NotAllowed
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from fanzha.translation.negotiation import for_caller
from fanzha.v1 import warning_pb2 as pb
from fanzha.v1 import warning_pb2_grpc as pb_grpc
from services.auth import identity
from services.auth.identity import Role
from services.warning.intake.parser import RawWarning
from services.warning.intake.service import IntakeResult, IntakeStatus
from services.warning.intake.sources import SourceQuality, WarningSources
from services.warning.intake.submission import (
    MOST_AT_ONCE,
    WarningSubmission,
    source_kind,
    source_name,
)
from services.warning.model import MeansKind, Risk

MEANS_KINDS = {
    pb.MEANS_KIND_CALLER: MeansKind.CALLER,
    pb.MEANS_KIND_SENDER: MeansKind.SENDER,
    pb.MEANS_KIND_LINK: MeansKind.LINK,
    pb.MEANS_KIND_TEXT: MeansKind.TEXT,
    pb.MEANS_KIND_ACCOUNT: MeansKind.ACCOUNT,
}
"""Kinds of means, as the wire has them."""
_TAKEN = {
    IntakeStatus.ACCEPTED: pb.TAKEN_ACCEPTED,
    IntakeStatus.JOINED: pb.TAKEN_JOINED,
    IntakeStatus.DUPLICATE: pb.TAKEN_DUPLICATE,
    IntakeStatus.REFUSED: pb.TAKEN_REFUSED,
}
Known = TypeVar("Known", bound=IntEnum)

_WAIT_MS = 1000
_COMPANY_SECONDS = 0.02
"""Longest wait of a record for others, to share one write to disk."""
_SEES_ALL = frozenset({Role.AUDITOR, Role.OPERATOR})


class WarningServicer(pb_grpc.WarningServiceServicer):
    """Accepts warnings. Errors become statuses in the error interceptor."""

    def __init__(self, submitting: WarningSubmission, sources: WarningSources) -> None:
        self._submitting = submitting
        self._sources = sources

    async def SubmitWarnings(
        self, request_iterator: AsyncIterator[pb.SubmitWarningsRequest], context: object
    ) -> AsyncIterator[pb.SubmitWarningsResponse]:
        async for some in _in_company(request_iterator):
            for response in await self._taken([request.warning for request in some]):
                yield response

    async def FollowFeedback(
        self, request: pb.FollowFeedbackRequest, context: object
    ) -> AsyncIterator[pb.FollowFeedbackResponse]:
        name, after = source_name(request.source_name), request.after
        while True:
            wait = 0 if request.end_at_newest else _WAIT_MS
            found = await self._sources.read_feedback(name, after=after, block_ms=wait)
            for one in found:
                yield pb.FollowFeedbackResponse(
                    place=one.cursor,
                    reference=one.reference,
                    case_id=one.case_id,
                    what=one.what,
                    at_ms=one.at_ms,
                )
                after = one.cursor
            if not found and request.end_at_newest:
                return

    async def GetSourceQuality(
        self, request: pb.GetSourceQualityRequest, context: object
    ) -> pb.GetSourceQualityResponse:
        names = await self._visible(request.source_name)
        found = [await self._sources.quality(name) for name in names]
        return pb.GetSourceQualityResponse(sources=map(_quality, found))

    async def _visible(self, requested: str) -> list[str]:
        who = identity.current()
        if who.roles & _SEES_ALL:
            return [requested] if requested else await self._sources.names()
        if requested and requested != who.name:
            raise NotAllowed("source_name: {name} sees its own record only", name=who.name)
        return [who.name]

    async def _taken(self, warnings: Sequence[pb.Warning]) -> list[pb.SubmitWarningsResponse]:
        """Accept warnings; only in development may they be of several sources."""
        results: list[IntakeResult | None] = [None] * len(warnings)
        groups: dict[tuple[Source, str], list[int]] = {}
        for row, warning in enumerate(warnings):
            try:
                source = _known("source", Source, warning.source) if warning.source else None
                kind = source_kind(source)
                groups.setdefault((kind, source_name(warning.source_name)), []).append(row)
            except InvalidInput as error:
                results[row] = IntakeResult(status=IntakeStatus.REFUSED, reason=error.as_message())
        for (kind, name), rows in groups.items():
            records = [_raw_warning(warnings[row]) for row in rows]
            for row, result in zip(
                rows, await self._submitting.submit(records, kind, name), strict=True
            ):
                results[row] = result
        return [
            pb.SubmitWarningsResponse(
                reference=warning.reference,
                taken=_TAKEN[result.status],
                reason=for_caller(result.reason),
                case_id=result.case_id,
            )
            for warning, result in zip(warnings, results, strict=True)
            if result is not None
        ]


async def _in_company(
    requests: AsyncIterator[pb.SubmitWarningsRequest],
) -> AsyncIterator[list[pb.SubmitWarningsRequest]]:
    """Batch records that arrive together: one by one, each would wait for the disk alone."""
    queue: asyncio.Queue[pb.SubmitWarningsRequest | None] = asyncio.Queue(MOST_AT_ONCE)

    async def receive() -> None:
        async for request in requests:
            await queue.put(request)
        await queue.put(None)

    receiving = asyncio.create_task(receive())
    try:
        while (first := await _next(queue, receiving)) is not None:
            some = [first]
            await asyncio.sleep(_COMPANY_SECONDS)
            while len(some) < MOST_AT_ONCE and not queue.empty():
                more = queue.get_nowait()
                if more is None:
                    yield some
                    return
                some.append(more)
            yield some
    finally:
        receiving.cancel()


async def _next(
    queue: "asyncio.Queue[pb.SubmitWarningsRequest | None]", receiving: "asyncio.Task[None]"
) -> pb.SubmitWarningsRequest | None:
    getting = asyncio.create_task(queue.get())
    await asyncio.wait([getting, receiving], return_when=asyncio.FIRST_COMPLETED)
    if not getting.done() and queue.empty() and receiving.done():
        getting.cancel()
        receiving.result()  # the stream broke
        return None
    return await getting


def _raw_warning(warning: pb.Warning) -> RawWarning | InvalidInput:
    try:
        return RawWarning(
            reference=warning.reference,
            victim=warning.victim,
            means_kind=MEANS_KINDS.get(warning.means_kind),
            means=warning.means,
            channel=_known("channel", Channel, warning.channel) if warning.channel else None,
            fraud_type=_known("fraud_type", FraudType, warning.fraud_type),
            risk=_known("risk", Risk, warning.risk) if warning.risk else Risk.MEDIUM,
            occurred_at_ms=warning.occurred_at_ms,
            campaign=warning.campaign,
            suspected=warning.suspected,
            talked_s=warning.talked_seconds,
            link_opened=warning.link_opened,
            decision_id=warning.decision_id,
        )
    except InvalidInput as error:
        return error


def _known(field: str, kind: type[Known], number: int) -> Known:
    # Enums are open on the wire: any int32 may arrive.
    try:
        return kind(number)
    except ValueError:
        raise InvalidInput("{field}: unknown number {number}", field=field, number=number) from None


def _quality(quality: SourceQuality) -> Any:
    return pb.SourceQuality(
        source_name=quality.source_name,
        accepted=quality.accepted,
        joined=quality.joined,
        duplicates=quality.duplicates,
        refused=quality.refused,
        confirmed=quality.confirmed,
        false_alarms=quality.false_alarms,
        reliability=quality.tally.reliability,
        confirmed_cases=quality.tally.confirmed,
        false_cases=quality.tally.false,
        delays=[
            pb.DelayBucket(up_to_seconds=bound, warnings=count)
            for bound, count in quality.delays.items()
        ],
    )
