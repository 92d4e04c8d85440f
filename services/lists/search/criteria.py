"""Which entries are meant: the criteria of searches, counts and changes in bulk."""

from dataclasses import dataclass
from enum import IntEnum

ENDS_SOON_S = 14 * 86_400
WHOLE_PROVINCE = "none"
"""The region of criteria that stands for entries of no region."""


class EntryCondition(IntEnum):
    """Something that calls for attention in an entry; numbered as in the proto."""

    ENDED = 1
    ENDS_SOON = 2
    NO_END = 3
    REVIEW_OVERDUE = 4
    NO_LEGAL_BASIS = 5
    NO_FRAUD_TYPE = 6
    NOT_APPROVED = 7
    NO_HITS = 8
    HITS = 9


class EntryOrder(IntEnum):
    """In which order entries are returned; numbered as in the proto."""

    AS_KEPT = 0
    NEWEST = 1
    ENDS_FIRST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCriteria:
    """What entries have to meet, all of it; 0, None and empty: whatever."""

    kind: int = 0
    action: int = 0
    source: int = 0
    mode: int = 0
    pattern: str = ""
    """How patterns begin; ``*.example``: how names end."""
    fraud_type: int | None = None
    legal_basis: str = ""
    """A part of it."""
    campaign: str = ""
    created_by: str = ""
    region: str = ""
    """Of this region or one in it; `WHOLE_PROVINCE`: of none."""
    conditions: frozenset[EntryCondition] = frozenset()
