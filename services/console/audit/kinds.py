"""Kinds of audit records in words, and the pages that their subjects lead to."""

import re
from collections.abc import Mapping

from fanzha.translation.catalogue import gettext_noop

KINDS: Mapping[str, str] = {
    "request_created": gettext_noop("Change request created"),
    "request_edited": gettext_noop("Change request edited"),
    "request_submitted": gettext_noop("Change request submitted"),
    "request_approved": gettext_noop("Change request approved"),
    "request_rejected": gettext_noop("Change request rejected"),
    "request_returned": gettext_noop("Change request sent back"),
    "request_commented": gettext_noop("Change request commented on"),
    "change_applied": gettext_noop("Change applied"),
    "change_reverted": gettext_noop("Change reverted"),
    "emergency_applied": gettext_noop("Emergency change applied"),
    "emergency_confirmed": gettext_noop("Emergency change confirmed"),
    "emergency_expired": gettext_noop("Emergency change expired"),
    "refused": gettext_noop("Refused"),
    "login_failed": gettext_noop("Login failed"),
    "exported": gettext_noop("Exported"),
    "appeal_opened": gettext_noop("Appeal opened"),
    "change_reapplied": gettext_noop("Change applied again that the store had lost"),
    "change_lost": gettext_noop("Change lost by the store"),
    "appeal_taken": gettext_noop("Appeal taken"),
    "appeal_decided": gettext_noop("Appeal decided"),
    "warnings_stopped": gettext_noop("Warnings stopped"),
    "warnings_started": gettext_noop("Warnings started"),
    "warnings_retracted": gettext_noop("Warnings retracted"),
    "opt_out_changed": gettext_noop("Opt-out changed"),
    "case_read": gettext_noop("Case read with whole numbers"),
    "case_changed": gettext_noop("Case changed"),
    "backfill_started": gettext_noop("Backfill started"),
    "backfill_stopped": gettext_noop("Backfill stopped"),
    "backfill_dropped": gettext_noop("Backfill dropped"),
    "hits_confirmed": gettext_noop("Suspected hits confirmed"),
    "bad_list_change": gettext_noop("Unaudited change of the lists"),
    "quarantine_settled": gettext_noop("Quarantine settled"),
    "decisions_read": gettext_noop("Decisions read"),
    "decisions_restored": gettext_noop("Decisions restored from the archive"),
    "hits_read": gettext_noop("Hits read"),
    "relations_read": gettext_noop("Relations read"),
    "dead_letters_replayed": gettext_noop("Dead letters replayed"),
    "dead_letter_dropped": gettext_noop("Dead letter dropped"),
    "examples_exported": gettext_noop("Examples exported"),
    "entity_registered": gettext_noop("Entity registered"),
    "entity_changed": gettext_noop("Entity changed"),
    "risk_read": gettext_noop("Risk of numbers read"),
    "unit_task_changed": gettext_noop("Task of a unit changed"),
    "assessment_published": gettext_noop("Assessment published"),
    "source_pulled": gettext_noop("File of a source pulled"),
    "source_asked": gettext_noop("Pull of a source asked for"),
    "incident_opened": gettext_noop("Incident opened"),
    "incident_changed": gettext_noop("Incident changed"),
    "education_changed": gettext_noop("Educational campaign changed"),
    "warning_policy_changed": gettext_noop("Warning policy changed"),
    "model_changed": gettext_noop("Model changed"),
    "log_verified": gettext_noop("Audit log verified"),
    "checkpoint": gettext_noop("Checkpoint"),
    "log_mended": gettext_noop("Audit log mended"),
}
"""All of `services.audit.events.AuditKind`; a test compares them."""
_PAGES = (
    (re.compile(r"change:([0-9]+)"), "/changes/{}", "ChangeService/GetChange"),
    (re.compile(r"appeal:([0-9]+)"), "/appeals/{}", "AppealService/GetAppeal"),
    (re.compile(r"case:([0-9a-f]{20}(?:-[0-9]+)?)"), "/cases/{}", "CaseService/GetCase"),
)


def page_of(subject: str) -> tuple[str, str]:
    """Return the path of the page about a subject, and the method that it needs; else empty."""
    for pattern, path, method in _PAGES:
        if match := pattern.fullmatch(subject):
            return path.format(match[1]), method
    return "", ""
