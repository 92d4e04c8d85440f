"""Kinds of audit events, and the interface of the audit log."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol


class AuditKind(StrEnum):
    """Kind of an audit event."""

    REQUEST_CREATED = "request_created"
    REQUEST_EDITED = "request_edited"
    REQUEST_SUBMITTED = "request_submitted"
    REQUEST_APPROVED = "request_approved"
    REQUEST_REJECTED = "request_rejected"
    REQUEST_RETURNED = "request_returned"
    """A reviewer returned a change request to its author."""
    REQUEST_COMMENTED = "request_commented"
    CHANGE_APPLIED = "change_applied"
    CHANGE_REVERTED = "change_reverted"
    CHANGE_REAPPLIED = "change_reapplied"
    """The store had lost a change of the lists, and has it again."""
    CHANGE_LOST = "change_lost"
    """The store has lost a change of the lists, and nobody could give it back."""
    EMERGENCY_APPLIED = "emergency_applied"
    EMERGENCY_CONFIRMED = "emergency_confirmed"
    EMERGENCY_EXPIRED = "emergency_expired"
    REFUSED = "refused"
    """A caller lacked the permission for a request."""
    LOGIN_FAILED = "login_failed"
    EXPORTED = "exported"
    APPEAL_OPENED = "appeal_opened"
    APPEAL_TAKEN = "appeal_taken"
    APPEAL_DECIDED = "appeal_decided"
    WARNINGS_STOPPED = "warnings_stopped"
    WARNINGS_RETRACTED = "warnings_retracted"
    """The kill switch was turned on: no warning is sent."""
    WARNINGS_STARTED = "warnings_started"
    OPT_OUT_CHANGED = "opt_out_changed"
    """A person opted out of one kind of warnings, or back in."""
    CASE_READ = "case_read"
    """The full number of a person at risk was read."""
    CASE_CHANGED = "case_changed"
    """A dispatcher assigned, took, annotated or closed a case."""
    BACKFILL_STARTED = "backfill_started"
    """Whoever a number, link or text reached is warned."""
    BACKFILL_STOPPED = "backfill_stopped"
    BACKFILL_DROPPED = "backfill_dropped"
    """Somebody decided that nobody is warned of what landed on the lists."""
    HITS_CONFIRMED = "hits_confirmed"
    """Suspected hits of a number, sender or link were confirmed in bulk."""
    BAD_LIST_CHANGE = "bad_list_change"
    """A version of the lists is unaudited, unreadable, or has entries the guard refuses."""
    QUARANTINE_SETTLED = "quarantine_settled"
    """An operator has dealt with such a version."""
    DECISIONS_READ = "decisions_read"
    """The decision log was searched for a party, or full numbers or a text of it were read."""
    DECISIONS_RESTORED = "decisions_restored"
    """A day of the decision log was brought back from the archive."""
    HITS_READ = "hits_read"
    """Hits with full numbers were read."""
    RELATIONS_READ = "relations_read"
    """What a number, sender or link is seen with was read."""
    DEAD_LETTERS_REPLAYED = "dead_letters_replayed"
    """Dead letters of the warning pipeline were put back into their streams."""
    DEAD_LETTER_DROPPED = "dead_letter_dropped"
    """A dead letter was deleted: the person it was about is not warned by it."""
    ENTITY_REGISTERED = "entity_registered"
    """A company, platform or app that must leave the market was registered."""
    ENTITY_CHANGED = "entity_changed"
    """An entity was edited, a step of its exit assigned or settled, or it was closed."""
    RISK_READ = "risk_read"
    """A bank or payment firm asked how much is known against numbers."""
    UNIT_TASK_CHANGED = "unit_task_changed"
    """A task of a member unit was opened, done, confirmed, given back or dropped."""
    ASSESSMENT_PUBLISHED = "assessment_published"
    """The assessment of a month was published."""
    SOURCE_PULLED = "source_pulled"
    """A file of a source was taken, held or refused."""
    SOURCE_ASKED = "source_asked"
    """Somebody wanted a source pulled, or accepted a file of it that was held."""
    INCIDENT_OPENED = "incident_opened"
    """An incident was opened."""
    INCIDENT_CHANGED = "incident_changed"
    """Parts of an incident were joined, it was moved, or a lead of it was handed over."""
    EDUCATION_CHANGED = "education_changed"
    """A campaign that educates was drafted, edited, approved or stopped, or an event recorded."""
    EXAMPLES_EXPORTED = "examples_exported"
    """Labelled examples were exported, with texts."""
    MODEL_CHANGED = "model_changed"
    """A model was activated, put into shadow or rolled back."""
    WARNING_POLICY_CHANGED = "warning_policy_changed"
    """Another warning policy was proposed, approved or rejected."""
    LOG_VERIFIED = "log_verified"
    """The log was verified through the service, with what result."""
    CHECKPOINT = "checkpoint"
    """The log itself: a signature over everything before."""
    LOG_MENDED = "log_mended"
    """The log itself: torn tail set aside, failed writes, or a missing checkpoint."""


class Audit(Protocol):
    """An audit log."""

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        """Record that *actor* (empty means the current identity) did *kind* to *subject*.

        Returns once the record is durable; raises `fanzha.errors.Unavailable` when it cannot be
        written. *subject* is an id such as ``change:12``, ``appeal:3`` or an entry id. *details*
        must hold no message texts.
        """
        ...


class NoAudit:
    """For tools and tests without an audit log."""

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        """Discard the event."""
