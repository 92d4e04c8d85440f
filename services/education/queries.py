"""Selects campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.education.model import EducationCampaign


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationFilter:
    """Which campaigns; what is not given selects all."""

    state: int = 0
    occasion: int = 0

    def has(self, campaign: EducationCampaign) -> bool:
        """Whether a campaign is selected."""
        return (not self.state or campaign.state == self.state) and (
            not self.occasion or campaign.occasion == self.occasion
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationSelection:
    """A page of the campaigns of a filter."""

    page: Sequence[EducationCampaign]
    next_start: int
    """0: there are no more."""
    total: int


def select(
    campaigns: Sequence[EducationCampaign], wanted: EducationFilter, start: int, count: int
) -> EducationSelection:
    """Select campaigns, the latest first."""
    found = sorted(filter(wanted.has, campaigns), key=lambda one: -one.campaign_id)
    end = start + count
    return EducationSelection(
        page=found[start:end], next_start=end if end < len(found) else 0, total=len(found)
    )
