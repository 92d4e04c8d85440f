"""Converts messages to contents of change requests, and records to messages."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from blocklists.entries import EntryKind
from blocklists.entry_table import EntryTable, Identities
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.translation.negotiation import for_caller
from fanzha.v1 import blocklist_pb2, change_pb2
from services.auth import identity
from services.changes import preview as previews
from services.changes.impact import ImpactEstimate
from services.changes.model import ChangeRequest, Draft, Emergency, ProposedPolicy, SecondPerson
from services.changes.past.history import VersionComparison
from services.changes.past.stale_rows import StaleChoice, StaleRow
from services.changes.policy.impact import PolicyImpact
from services.changes.policy.requests import PolicyProposal
from services.changes.preview import ChangePreview
from services.changes.report import Reference
from services.changes.views import DEFAULT_ROWS, MAX_ROWS
from services.lists.drafts import DraftContents
from services.lists.edits import Edit
from services.rpc.lists import messages

_MOST_IDS = 1000
_MOST_PLANNED = 20
"""Most entries of a plan that are named."""

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


def contents(message: change_pb2.ChangeContents) -> DraftContents:
    """Read the contents of a request."""
    return DraftContents(
        additions=messages.proposed(list(message.additions)),
        removals=[
            Reference(kind=one.kind, pattern=one.pattern, action=one.action)
            for one in message.removals
        ],
        edits=list(map(_edit, message.edits)),
        reason=message.reason,
        legal_basis=message.legal_basis,
        source=message.source,
        campaign=message.campaign,
        region=message.region,
        expires_s=message.expires_at_s,
        false_positive=message.false_positive,
    )


def _edit(message: change_pb2.EntryEdit) -> Edit:
    named = Reference(kind=message.kind, pattern=message.pattern, action=message.action)
    fields = {
        "expires_s" if name == "expires_at_s" else name: getattr(message, name)
        for name in (
            "direction", "fraud_type", "source", "reason", "legal_basis", "expires_at_s",
            "campaign", "review_at_s", "region",
        )
        if message.HasField(name)
    }  # fmt: skip
    return Edit(entry=named, fields=fields)


def change(record: ChangeRequest) -> change_pb2.Change:
    """Write a request."""
    message = summary(record)
    message.events.extend(
        change_pb2.ChangeEvent(at_ms=one.at_ms, who=one.who, what=one.what, note=one.note)
        for one in record.events
    )
    if record.policy is not None:
        message.policy.CopyFrom(policy(record.policy))
    return message


def summary(record: ChangeRequest) -> change_pb2.Change:
    """Write a request without its events, and without what it changes in the carrier policy."""
    message = change_pb2.Change(
        id=record.id,
        kind=_wire(record.kind),
        state=_wire(record.state),
        revision=record.revision,
        author=record.author,
        reason=record.reason,
        legal_basis=record.legal_basis,
        source=_wire(record.source),
        campaign=record.campaign,
        expires_at_s=record.expires_s,
        base_version=record.base_version,
        created_at_ms=record.created_ms,
        additions=record.additions.rows,
        removals=record.removals.rows,
        approved_by=record.approved_by,
        one_person=record.one_person,
        applied_version=record.applied_version,
        applied_at_ms=record.applied_ms,
        reverts=record.reverts,
        reverted_by=record.reverted_by,
        confirms=record.confirms,
        restores_version=record.restores_version,
        left_alone=record.left_alone,
        left_alone_examples=record.left_alone_examples,
        rows_sha256=" ".join(filter(None, (record.additions.sha256, record.removals.sha256))),
        rows_retained=record.additions.retained and record.removals.retained,
        unreviewed_risks=record.unreviewed_risks,
        false_positive=record.false_positive,
        regions=record.regions,
    )
    message.MergeFrom(_second_person(record.second_person))
    if record.preview is not None:
        message.preview.CopyFrom(_stored_preview(previews.read(record.preview)))
    if record.emergency is not None:
        message.emergency.CopyFrom(_emergency(record.emergency))
    return message


def policy(proposed: ProposedPolicy) -> change_pb2.ProposedPolicy:
    """Write what a request changes in the carrier policy."""
    return change_pb2.ProposedPolicy(
        sha256=proposed.sha256,
        differences=[
            change_pb2.PolicyDifference(
                carrier=one.carrier, setting=one.setting, before=one.before, after=one.after
            )
            for one in proposed.differences
        ],
        impact=_policy_impact(proposed.impact) if proposed.impact else None,
    )


def _policy_impact(one: PolicyImpact) -> change_pb2.PolicyImpact:
    return change_pb2.PolicyImpact(
        hours=one.hours,
        rows_examined=one.rows_examined,
        carriers=[
            change_pb2.CarrierImpact(
                carrier=each.carrier,
                channel=each.channel,
                would_block=each.would_block,
                would_allow=each.would_allow,
            )
            for each in one.carriers
        ],
        uncertain=one.uncertain,
        unknown_because=for_caller(one.unknown_because),
    )


def _second_person(second: SecondPerson | None) -> change_pb2.Change:
    """Write whether a second person must approve; empty before that is known."""
    if second is None:
        return change_pb2.Change()
    return change_pb2.Change(
        second_person_needed=second.needed,
        second_person_reasons=map(for_caller, second.reasons),
        second_person_rule=second.rule,
    )


def _emergency(urgent: Emergency) -> change_pb2.Emergency:
    return change_pb2.Emergency(
        why=urgent.why,
        ends_at_s=urgent.ends_s,
        confirmed_by=urgent.confirmed_by,
        expired=urgent.expired,
    )


def _stored_preview(one: ChangePreview) -> change_pb2.ChangePreview:
    written = preview(one)
    if identity.current().regions:
        # It was made of the whole lists; PreviewChange makes one of those of the caller.
        written.ClearField("relations")
        written.ClearField("not_examined")
    return written


def preview(one: ChangePreview) -> change_pb2.ChangePreview:
    """Write a preview."""
    return change_pb2.ChangePreview(
        version=one.version,
        at_ms=one.at_ms,
        counts=[
            blocklist_pb2.OutcomeCount(outcome=_wire(RowOutcome[name]), rows=rows)
            for name, rows in one.counts.items()
        ],
        relations=[
            change_pb2.Relation(
                what=each.what,
                rows=each.rows,
                entries=each.entries,
                examples=map(for_caller, each.examples),
            )
            for each in one.relations
        ],
        impact=_impact(one.impact),
        shadow_impact=_impact(one.shadow_impact) if one.shadow_impact else None,
        without_effect=one.without_effect,
        without_fraud_type=one.without_fraud_type,
        risks=one.risks,
        risks_total=one.risks_total,
        not_examined=map(for_caller, one.not_examined),
        problems=[
            blocklist_pb2.RowReport(
                row=each.row, outcome=_wire(each.outcome), message=for_caller(each.message)
            )
            for each in one.problems
        ],
    )


def _impact(one: ImpactEstimate) -> change_pb2.ChangeImpact:
    return change_pb2.ChangeImpact(
        known=one.known,
        hours=one.hours,
        since_ms=one.since_ms,
        rows_examined=one.rows_examined,
        calls=one.calls,
        texts=one.texts,
        links=one.links,
        parties=one.parties,
        known_contacts=one.known_contacts,
        top=[
            change_pb2.ImpactOfPattern(
                pattern=each.pattern,
                action=_wire(each.action),
                channel=each.channel,
                events=each.events,
                parties=each.parties,
                known_contacts=each.known_contacts,
            )
            for each in one.top
        ],
        unknown_because=for_caller(one.unknown_because),
    )


def undo_plan(draft: Draft | PolicyProposal) -> change_pb2.UndoPlan:
    """Write what a draft that undoes something would do."""
    if isinstance(draft, PolicyProposal):
        left_alone = len(draft.left_alone)
        return change_pb2.UndoPlan(policy=policy(draft.policy), left_alone_total=left_alone)
    named = np.arange(min(len(draft.removals), _MOST_PLANNED))
    return change_pb2.UndoPlan(
        removed_total=len(draft.removals),
        restored_total=len(draft.additions),
        left_alone_total=draft.left_alone,
        removed=references(draft.removals.take(named)),
        restored=_some(draft.additions, _MOST_PLANNED),
    )


def references(identities: Identities) -> list[blocklist_pb2.EntryRef]:
    """Write the removals."""
    return [
        blocklist_pb2.EntryRef(
            kind=_wire(int(identities.kinds[row])),
            pattern=identities.pattern(row),
            action=_wire(int(identities.actions[row])),
        )
        for row in range(len(identities))
    ]


def diff(found: VersionComparison, limit: int) -> change_pb2.DiffVersionsResponse:
    """Write a diff: some of its rows, and the total number."""
    if not 0 <= limit <= MAX_ROWS:
        raise InvalidInput("limit: 1 to {max_rows}, not {limit}", max_rows=MAX_ROWS, limit=limit)
    rows = limit or DEFAULT_ROWS
    return change_pb2.DiffVersionsResponse(
        from_version=found.from_version,
        to_version=found.to_version,
        added_total=len(found.added),
        removed_total=len(found.removed),
        changed_total=len(found.changed_to),
        added=_some(found.added, rows),
        removed=_some(found.removed, rows),
        changed=_some(found.changed_to, rows),
        change_ids=found.change_ids[:_MOST_IDS],
    )


def _some(table: EntryTable, rows: int) -> list[blocklist_pb2.Entry]:
    return [messages.entry(table.entry(row)) for row in range(min(len(table), rows))]


def stale_row(one: StaleRow) -> change_pb2.StaleRow:
    """Write a stale row."""
    kind, pattern, action = one.identity
    return change_pb2.StaleRow(
        entry=blocklist_pb2.EntryRef(kind=_wire(kind), pattern=pattern, action=_wire(action)),
        mine=None if one.mine is None else messages.entry(one.mine),
        base=None if one.base is None else messages.entry(one.base),
        theirs=None if one.theirs is None else messages.entry(one.theirs),
    )


def stale_choices(
    decisions: Sequence[change_pb2.StaleDecision],
) -> dict[tuple[EntryKind, str, Action], StaleChoice]:
    """Read what becomes of stale rows."""
    found = {}
    for one in decisions:
        try:
            identity = EntryKind(one.entry.kind), one.entry.pattern, Action(one.entry.action)
            found[identity] = StaleChoice(one.choice)
        except ValueError:
            raise InvalidInput("decisions: kind, action and choice are required") from None
    return found
