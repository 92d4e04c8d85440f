"""What goes into the audit log, and the interface that takes it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol


class AuditKind(StrEnum):
    """What happened."""

    REQUEST_CREATED = "request_created"
    REQUEST_EDITED = "request_edited"
    REQUEST_SUBMITTED = "request_submitted"
    REQUEST_APPROVED = "request_approved"
    REQUEST_REJECTED = "request_rejected"
    CHANGE_APPLIED = "change_applied"
    CHANGE_REVERTED = "change_reverted"
    EMERGENCY_APPLIED = "emergency_applied"
    EMERGENCY_CONFIRMED = "emergency_confirmed"
    EMERGENCY_EXPIRED = "emergency_expired"
    REFUSED = "refused"
    """Somebody asked for what they may not have."""
    LOGIN_FAILED = "login_failed"
    EXPORTED = "exported"
    APPEAL_OPENED = "appeal_opened"
    APPEAL_TAKEN = "appeal_taken"
    APPEAL_DECIDED = "appeal_decided"
    WARNINGS_STOPPED = "warnings_stopped"
    """Somebody turned the kill switch: no warning goes out."""
    WARNINGS_STARTED = "warnings_started"
    OPT_OUT_CHANGED = "opt_out_changed"
    """A person wants no more of one kind of warnings, or wants them again."""
    CASE_READ = "case_read"
    """Somebody saw the whole number of a person at risk."""
    CASE_CHANGED = "case_changed"
    """Somebody of a desk assigned, took, noted or closed a case."""
    BACKFILL_STARTED = "backfill_started"
    """Whoever a number, link or text reached is warned."""
    BACKFILL_STOPPED = "backfill_stopped"
    BACKFILL_DROPPED = "backfill_dropped"
    """Somebody decided that nobody is warned of what landed on the lists."""
    HITS_CONFIRMED = "hits_confirmed"
    """Somebody confirmed what models suspected of a number, sender or link, for many at once."""
    BAD_LIST_CHANGE = "bad_list_change"
    """A version of the lists was written past the audit log, or cannot be read, or holds what the
    guard refuses."""
    QUARANTINE_SETTLED = "quarantine_settled"
    """Somebody has dealt with such a version."""
    DECISIONS_READ = "decisions_read"
    """Somebody looked a party up in the decision log, or saw whole numbers or a text of it."""
    HITS_READ = "hits_read"
    """Somebody followed hits with whole numbers."""
    DEAD_LETTERS_REPLAYED = "dead_letters_replayed"
    """Somebody put entries back that the warning pipeline had given up."""
    DEAD_LETTER_DROPPED = "dead_letter_dropped"
    """Somebody deleted one: whoever it was about is not warned by it."""
    EXAMPLES_EXPORTED = "examples_exported"
    """Somebody took labelled examples out, with what texts said."""
    MODEL_CHANGED = "model_changed"
    """Somebody let another model decide or score in shadow, or rolled one back."""
    CHECKPOINT = "checkpoint"
    """The log itself: all before is vouched for, by a signature."""
    LOG_MENDED = "log_mended"
    """The log itself: a torn end was set aside, the disk refused records, or a copy is missing."""


class Audit(Protocol):
    """Takes what happened; returns once it is on disk."""

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        """Put down that *actor* (empty: `services.auth.identity.current`) did *kind* to *subject*.

        *subject* is an id such as ``change:12``, ``appeal:3`` or an entry id. *details* hold no
        message texts. Raises `fanzha.errors.Unavailable` when it cannot be written.
        """
        ...


class NoAudit:
    """For tools and tests that keep none."""

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        """Forget it."""
