"""Audit details of a change request: its text fields, its preview, its checksums."""

from dataclasses import replace

from services.changes.change_context import SubmissionResult
from services.changes.model import ChangeRequest, ChangeState

_MOST_DIFFERENCES = 50


def as_submitted(record: ChangeRequest, found: SubmissionResult) -> ChangeRequest:
    """Return a draft as submitted: PENDING when it needs a second person, else APPROVED."""
    second = found.second_person
    waits = second is not None and second.needed
    return replace(
        record,
        state=ChangeState.PENDING if waits else ChangeState.APPROVED,
        preview=stored_preview(found),
        second_person=second,
        one_person=not waits,
    )


def stored_preview(found: SubmissionResult) -> dict[str, object] | None:
    """Return the preview in the form stored with the request."""
    return found.preview.as_json() if found.preview else None


def details_of(record: ChangeRequest) -> dict[str, str]:
    """Return the audit details of a request."""
    second = record.second_person
    return {
        "kind": record.kind.name.lower(),
        "state": record.state.name.lower(),
        "reason": record.reason,
        "legal_basis": record.legal_basis,
        "base_version": str(record.base_version),
        "second_person": ("needed: " if second.needed else "not needed: ")
        + "; ".join(second.reasons)
        if second
        else "",
        "unreviewed": "; ".join(record.unreviewed_risks),
        **_policy(record),
        "false_positive": str(record.false_positive).lower(),
        **checksums(record),
    }


def _policy(record: ChangeRequest) -> dict[str, str]:
    """Return what a request changes in the carrier policy."""
    policy = record.policy
    if policy is None:
        return {}
    shown = [
        f"{one.carrier} {one.setting}: {one.before} -> {one.after}"
        for one in policy.differences[:_MOST_DIFFERENCES]
    ]
    more = len(policy.differences) - len(shown)
    return {
        "policy_settings": "; ".join([*shown, *([f"{more} more"] if more else [])]),
        "policy_sha256": policy.sha256,
    }


def checksums(record: ChangeRequest) -> dict[str, str]:
    """Return the number of rows of a request and their checksums."""
    return {
        "additions": str(record.additions.rows),
        "additions_sha256": record.additions.sha256,
        "removals": str(record.removals.rows),
        "removals_sha256": record.removals.sha256,
    }
