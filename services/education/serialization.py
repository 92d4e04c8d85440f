"""Writes campaigns and recipients as JSON documents, and reads them back."""

import json
from dataclasses import asdict
from typing import Any

from services.education.model import (
    AudienceSegment,
    EducationCampaign,
    EducationHistory,
    EducationRecipient,
    EducationState,
    EducationText,
    HistoryKind,
    Occasion,
    OfflineEvent,
)


def written(document: EducationCampaign | EducationRecipient) -> str:
    """Write a campaign or a recipient."""
    return json.dumps(asdict(document), ensure_ascii=False, separators=(",", ":"))


def read(text: str | bytes) -> EducationCampaign:
    """Read a campaign."""
    fields = json.loads(text)
    return EducationCampaign(
        **fields
        | {
            "occasion": Occasion(fields["occasion"]),
            "segment": AudienceSegment(
                **{name: tuple(one) for name, one in fields["segment"].items()}
            ),
            "message": EducationText(**fields["message"]),
            "state": EducationState(fields["state"]),
            "drafted_by": tuple(fields["drafted_by"]),
            "events": tuple(map(_event, fields["events"])),
            "history": tuple(
                EducationHistory(**one | {"what": HistoryKind(one["what"])})
                for one in fields["history"]
            ),
        }
    )


def read_recipient(text: str | bytes) -> EducationRecipient:
    """Read a recipient."""
    return EducationRecipient(**json.loads(text))


def _event(fields: Any) -> OfflineEvent:
    return OfflineEvent(**fields | {"occasion": Occasion(fields["occasion"])})
