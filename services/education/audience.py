"""Who of the recipients is written to, who is held out, and why the others are left out.

Who is held out is drawn by a keyed hash of the person: the same person is drawn alike each time,
nobody can choose whom a campaign holds out without its key, and campaigns have keys of their own.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from hashlib import blake2b

from services.education.model import (
    AudienceSegment,
    EducationCampaign,
    EducationRecipient,
    PersonState,
)
from services.education.recipient_store import Assignment, RecipientStore
from services.warning.dispatch.limit_store import EducationBar, LimitStore
from services.warning.keys import region_key
from services.warning.policy.facts import RiskContext

_BYTES = 6
"""Of the draw: a float holds them exactly."""
_LEVELS = (2, 4, 6)
"""Digits of a province, a city and a county."""


class Audience:
    """Decides on the recipients of campaigns. Raises `Unavailable` while Redis is away."""

    def __init__(
        self, recipients: RecipientStore, limits: LimitStore, context: RiskContext
    ) -> None:
        """*context* has the groups of the administrator's table."""
        self._recipients = recipients
        self._limits = limits
        self._context = context

    async def decide(
        self, campaign: EducationCampaign
    ) -> AsyncIterator[tuple[Mapping[str, EducationRecipient], list[Assignment]]]:
        """Yield what would become of all recipients, in batches."""
        async for batch in self._recipients.walk(campaign.campaign_id):
            people = list(batch.values())
            bars = await self._limits.education_bars([one.number for one in people])
            yield batch, self._decided(campaign, list(batch), people, bars)

    async def hold_out(
        self, campaign: EducationCampaign, numbers: Sequence[str], seconds: int
    ) -> None:
        """Keep those held out from being written to by other campaigns."""
        await self._limits.hold_out(numbers, str(campaign.campaign_id), seconds)

    def _decided(
        self,
        campaign: EducationCampaign,
        digests: Sequence[str],
        people: Sequence[EducationRecipient],
        bars: Sequence[EducationBar],
    ) -> list[Assignment]:
        return [
            decided(campaign, digest, person, bar, groups=self._groups_of(person))
            for digest, person, bar in zip(digests, people, bars, strict=True)
        ]

    def _groups_of(self, person: EducationRecipient) -> frozenset[str]:
        levels = [person.region[:level] for level in _LEVELS if len(person.region) >= level]
        return self._context.of(person.number, levels)


def decided(
    campaign: EducationCampaign,
    digest: str,
    person: EducationRecipient,
    bar: EducationBar,
    *,
    groups: Collection[str] = (),
) -> Assignment:
    """Decide on one recipient."""
    drawn = draw(campaign.salt, digest)
    return Assignment(person=digest, state=_state(campaign, person, bar, groups, drawn), draw=drawn)


def draw(salt: str, digest: str) -> float:
    """Return the draw of a person, from 0 to 1, even and independent for each key."""
    found = blake2b(digest.encode(), key=bytes.fromhex(salt), digest_size=_BYTES).digest()
    return int.from_bytes(found) / 2.0 ** (8 * _BYTES)


def _state(
    campaign: EducationCampaign,
    person: EducationRecipient,
    bar: EducationBar,
    groups: Collection[str],
    drawn: float,
) -> PersonState:
    if not (
        lies_in(person.region, campaign.region) and _is_meant(campaign.segment, person, groups)
    ):
        return PersonState.OUTSIDE
    if bar.opted_out:
        return PersonState.OPTED_OUT
    if bar.educated:
        return PersonState.EDUCATED
    if bar.held_out_of and bar.held_out_of != str(campaign.campaign_id):
        return PersonState.HELD_OUT_ELSEWHERE
    held_out = drawn * 100 < campaign.hold_out_percent
    return PersonState.HELD_OUT if held_out else PersonState.TO_SEND


def _is_meant(
    segment: AudienceSegment, person: EducationRecipient, groups: Collection[str]
) -> bool:
    return (
        _one_of(person.age_band, segment.age_bands)
        and _one_of(person.occupation, segment.occupations)
        and (not segment.areas or any(lies_in(person.region, one) for one in segment.areas))
        and (not segment.groups or not set(segment.groups).isdisjoint(groups))
    )


def _one_of(word: str, meant: Sequence[str]) -> bool:
    return not meant or word.casefold() in {one.casefold() for one in meant}


def lies_in(region: str, wider: str) -> bool:
    """Whether a region is another, or lies in it; all lie in the empty one."""
    return region_key(region).startswith(region_key(wider)) if wider else True
