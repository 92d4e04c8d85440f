"""Serves HitService: follows hits, lists campaigns, and shows what is related."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from math import isnan
from typing import Any

from fanzha.decisions import Reason
from fanzha.errors import InvalidInput
from fanzha.tables import Channel
from fanzha.v1 import hit_pb2 as pb
from fanzha.v1 import hit_pb2_grpc as pb_grpc
from services.auth import identity
from services.decision.campaigns.bulk_texts import Campaign, senders
from services.decision.campaigns.store import CampaignStore
from services.decision.sinks.hit_fields import HitField
from services.decision.sinks.hit_store import CONFIRMED, DISMISSED, SUSPECTED
from services.feedback.hit_reader import HitReader
from services.feedback.relation_reader import RelationReader

DEFAULT_CAMPAIGNS = 100
MOST_CAMPAIGNS = 1000
DEFAULT_PENDING = 100
MOST_PENDING = 1000
_STREAMS = {
    pb.HIT_STREAM_CONFIRMED: CONFIRMED,
    pb.HIT_STREAM_SUSPECTED: SUSPECTED,
    pb.HIT_STREAM_DISMISSED: DISMISSED,
}
_NUMBERS: dict[str, Any] = {stream: number for number, stream in _STREAMS.items()}


class HitServicer(pb_grpc.HitServiceServicer):
    """Follows hits and lists campaigns. Errors become statuses in the error interceptor."""

    def __init__(
        self,
        hits: HitReader,
        campaigns: CampaignStore,
        relations: RelationReader,
        now_ms: Callable[[], int],
    ) -> None:
        self._hits = hits
        self._campaigns = campaigns
        self._relations = relations
        self._now_ms = now_ms

    async def TailHits(
        self, request: pb.TailHitsRequest, context: object
    ) -> AsyncIterator[pb.TailHitsResponse]:
        async for hit in self._hits.follow(
            _streams(request.streams),
            after=request.after,
            end_at_newest=request.end_at_newest,
            unmasked=request.unmasked,
        ):
            yield pb.TailHitsResponse(
                stream=_NUMBERS[hit.stream], place=hit.place, fields=hit.fields
            )

    async def ListPendingHits(
        self, request: pb.ListPendingHitsRequest, context: object
    ) -> pb.ListPendingHitsResponse:
        _check_limit(request.limit, MOST_PENDING)
        found = await self._hits.pending(
            _fits(request),
            before=request.before,
            limit=request.limit or DEFAULT_PENDING,
            unmasked=request.unmasked,
        )
        return pb.ListPendingHitsResponse(
            hits=[pb.PendingHit(place=one.place, fields=one.fields) for one in found.hits],
            next_before=found.next_before,
        )

    async def ListCampaigns(
        self, request: pb.ListCampaignsRequest, context: object
    ) -> pb.ListCampaignsResponse:
        _check_limit(request.limit, MOST_CAMPAIGNS)
        found = await self._campaigns.all(self._now_ms())
        chosen = [one for one in found if not (request.unlisted and one.listed)]
        return pb.ListCampaignsResponse(
            campaigns=map(_campaign, chosen[: request.limit or DEFAULT_CAMPAIGNS]),
            total=len(chosen),
        )

    async def GetRelations(
        self, request: pb.GetRelationsRequest, context: object
    ) -> pb.GetRelationsResponse:
        entity, found = await self._relations.show(request.subject, unmasked=request.unmasked)
        suspect, limited = found.suspect, bool(identity.current().regions)
        return pb.GetRelationsResponse(
            entity=entity,
            seen=found.total,
            confirmed=suspect is not None and suspect.confirmed,
            suspected=suspect is not None and not suspect.confirmed,
            related_to=suspect.related_to if suspect else "",
            since_ms=suspect.since_ms if suspect else 0,
            ends_at_ms=suspect.ends_at_ms if suspect else 0,
            # Entries may be of other regions, and tell nothing here but that there are some.
            causes={
                one: at
                for one, at in found.causes.items()
                if not limited or not one.startswith("entry:")
            },
            neighbours=[
                pb.RelatedEntity(entity=one.entity, together=one.together)
                for one in found.neighbours
            ],
        )


def _check_limit(limit: int, most: int) -> None:
    if limit > most:
        raise InvalidInput("limit: 1 to {most}, not {limit}", most=most, limit=limit)


def _fits(request: pb.ListPendingHitsRequest) -> Callable[[Mapping[str, str]], bool]:
    """Return whether a hit is of the channel and for a reason that are asked for."""
    try:
        reasons = {Reason(number).name for number in request.reasons}
        channel = Channel(request.channel).name if request.channel else ""
    except ValueError as error:
        raise InvalidInput("reasons and channel: {error}", error=str(error)) from error

    def fits(hit: Mapping[str, str]) -> bool:
        return (not reasons or hit.get(HitField.REASON) in reasons) and (
            not channel or hit.get(HitField.CHANNEL) == channel
        )

    return fits


def _streams(numbers: Sequence[Any]) -> list[str]:
    unknown = set(numbers) - set(_STREAMS)
    if unknown:
        raise InvalidInput("streams: unknown number {unknown}", unknown=min(unknown))
    return [_STREAMS[number] for number in dict.fromkeys(numbers)] or list(_STREAMS.values())


def _campaign(one: Campaign) -> pb.TextCampaign:
    return pb.TextCampaign(
        fingerprint=one.fingerprint,
        listed=one.listed,
        texts=round(one.texts),
        blocked=round(one.blocked),
        senders_at_least=senders(one.sender_bits),
        score=None if isnan(one.score) else one.score,
        first_seen_ms=one.first_ms,
        last_seen_ms=one.last_ms,
    )
