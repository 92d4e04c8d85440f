"""Shows change requests: contents, state, history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2, change_state_pb2, decision_pb2
from fanzha.v1 import change_pb2 as pb
from services.cli._common.confirmation import show_unreviewed
from services.cli._common.console import err, out
from services.cli._common.enum_words import enum_word, field_label, shown_word
from services.cli._common.plain_text import padded
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written
from services.cli.changes.options import KINDS, STATES
from services.cli.policy import differences

_SHOWN = 10


def state(change: pb.Change) -> str:
    """Return the state of a request."""
    names = STATES.get(change.state)
    return enum_word("change_state", names[0]) if names else gettext("unknown")


def kind(change: pb.Change) -> str:
    """Return the kind of a request."""
    return enum_word("change_kind", KINDS.get(change.kind, ""))


def show_line(change: pb.Change) -> None:
    """Print the result of a request in a sentence or two."""
    if change.state == change_state_pb2.CHANGE_STATE_PENDING:
        out.print(gettext("change {id} waits for a second person", id=change.id), soft_wrap=True)
        _because(change.second_person_reasons)
    elif change.state == change_state_pb2.CHANGE_STATE_APPLIED and change.applied_version:
        alone = gettext("by {author} alone", author=change.author) if change.one_person else ""
        by = (
            gettext("approved by {approved_by}", approved_by=change.approved_by)
            if change.approved_by
            else alone
        )
        is_policy = change.HasField("policy")
        what = gettext("the carrier policy is") if is_policy else gettext("the lists are")
        out.print(
            gettext(
                "change {id} is applied, {by}: {what} at version {applied_version}",
                id=change.id,
                by=by,
                what=what,
                applied_version=change.applied_version,
            ),
            markup=False,
            soft_wrap=True,
        )
    else:
        out.print(
            gettext("change {id} is {change}", id=change.id, change=state(change)), soft_wrap=True
        )
    show_unreviewed(change.unreviewed_risks)
    _show_left_alone(change)
    if change.HasField("emergency"):
        out.print(_emergency(change), markup=False, soft_wrap=True)


def show_header(answer: pb.ListChangesResponse) -> None:
    """Print unconfirmed emergencies, the number pending, and the second-person rule."""
    warn_of_emergencies(answer.unconfirmed_emergencies)
    out.print(
        gettext(
            "{pending:,} wait for a second person; second_person is {second_person_rule}",
            pending=answer.pending,
            second_person_rule=answer.second_person_rule,
        ),
        soft_wrap=True,
    )


def warn_of_emergencies(changes: Iterable[pb.Change]) -> None:
    """Print unconfirmed emergencies on standard error."""
    for change in changes:
        err.print(_emergency(change), style="red", soft_wrap=True)


def show_table(changes: Sequence[pb.Change]) -> None:
    """Print requests as a table."""
    table = RowTable()
    for name in ("change", "state", "kind", "+", "-", "author", "second person", "made", "reason"):
        table.add_column(gettext(name), prose=name == "reason", right=name in "+-")
    for change in changes:
        table.add_row(
            str(change.id), state(change), kind(change), f"{change.additions:,}",
            f"{change.removals:,}", change.author, _second(change), _when(change.created_at_ms),
            change.reason,
        )  # fmt: skip
    table.print()


def show(change: pb.Change) -> None:
    """Print a request."""
    lines = _fields_of(change)
    out.print(gettext("change {id}", id=change.id))
    for name, text in lines.items():
        if text:
            out.print(f"  {padded(name, 14)}{text}", markup=False, soft_wrap=True)
    _because(change.second_person_reasons)
    if change.HasField("emergency"):
        out.print(f"  {_emergency(change)}", markup=False, soft_wrap=True)
    _show_left_alone(change)
    if change.HasField("preview"):
        show_preview(change.preview)
    if change.HasField("policy"):
        differences.show(change.policy)
    _show_events(change)


def _fields_of(change: pb.Change) -> dict[str, str]:
    return {
        gettext("state"): gettext(
            "{change}, revision {revision}", change=state(change), revision=change.revision
        ),
        gettext("kind"): kind(change),
        gettext("author"): change.author,
        gettext("reason"): change.reason,
        gettext("legal basis"): change.legal_basis,
        gettext("source"): shown_word(decision_pb2.Source, change.source),
        gettext("campaign"): change.campaign,
        gettext("regions"): ", ".join(
            one or gettext("the whole province") for one in change.regions
        ),
        gettext("rows"): _rows(change),
        gettext("removes"): gettext("false positives: their warnings are retracted")
        if change.false_positive
        else "",
        gettext("base version"): str(change.base_version),
        gettext("applied"): gettext(
            "version {applied_version}, {applied_at_ms}",
            applied_version=change.applied_version,
            applied_at_ms=_when(change.applied_at_ms),
        )
        if change.applied_version
        else "",
        gettext("second person"): f"{_second(change)} ({change.second_person_rule})",
        gettext("UNREVIEWED"): ", ".join(change.unreviewed_risks),
        gettext("undoes"): str(change.reverts or ""),
        gettext("undone by"): str(change.reverted_by or ""),
        gettext("confirms"): str(change.confirms or ""),
        gettext("restores"): _restored(change),
        gettext("rows sha256"): change.rows_sha256,
        gettext("rows kept"): ""
        if change.rows_retained
        else gettext("no: it can no longer be undone"),
    }


def _rows(change: pb.Change) -> str:
    if change.HasField("policy"):
        return ""
    return gettext(
        "{additions:,} to add, replace or edit, {removals:,} to remove",
        additions=change.additions,
        removals=change.removals,
    )


def _show_left_alone(change: pb.Change) -> None:
    if change.left_alone:
        text = (
            gettext("left alone: {count:,} settings", count=change.left_alone)
            if change.HasField("policy")
            else gettext("left alone: {count:,} entries", count=change.left_alone)
        )
        out.print(text, soft_wrap=True)
        _because(change.left_alone_examples)


def _restored(change: pb.Change) -> str:
    return (
        gettext("version {restores_version}", restores_version=change.restores_version)
        if change.HasField("restores_version")
        else ""
    )


def _show_events(change: pb.Change) -> None:
    for event in change.events:
        note = f": {event.note}" if event.note else ""
        text = f"  {_when(event.at_ms)}  {event.who} {field_label(event.what)}{note}"
        out.print(text, markup=False, soft_wrap=True)


def show_preview(preview: pb.ChangePreview) -> None:
    """Print what a change does."""
    counts = ", ".join(
        f"{one.rows:,} {shown_word(blocklist_pb2.RowOutcome, one.outcome)}"
        for one in preview.counts
    )
    out.print(
        gettext(
            "  against version {version}: {counts}",
            version=preview.version,
            counts=counts or gettext("nothing"),
        ),
        soft_wrap=True,
    )
    _show_without(preview)
    _show_relations(preview)
    _show_impact(preview.impact)
    if preview.HasField("shadow_impact"):
        out.print(gettext("  if its shadow entries enforced:"))
        _show_impact(preview.shadow_impact)
    if preview.risks_total:
        out.print(
            gettext(
                "  it hits what many depend on: {risks_total:,}", risks_total=preview.risks_total
            )
        )
        _because(preview.risks)
    _show_problems(preview)


def _show_problems(preview: pb.ChangePreview) -> None:
    for text in preview.not_examined:
        out.print(
            gettext("  not examined: {text}", text=text),
            markup=False,
            soft_wrap=True,
        )
    for problem in preview.problems[:_SHOWN]:
        out.print(
            gettext(
                "  row {row}: {message}",
                row=problem.row,
                message=problem.message,
            ),
            markup=False,
            soft_wrap=True,
        )


def _show_without(preview: pb.ChangePreview) -> None:
    if preview.without_effect:
        out.print(
            gettext(
                "  {without_effect:,} rows change no decision",
                without_effect=preview.without_effect,
            )
        )
    if preview.without_fraud_type:
        out.print(
            gettext(
                "  {without_fraud_type:,} rows name no fraud type: their hits open no case and "
                "warn no one (--fraud-type, or default_fraud_types of the server)",
                without_fraud_type=preview.without_fraud_type,
            ),
            soft_wrap=True,
        )


def _show_relations(preview: pb.ChangePreview) -> None:
    for relation in preview.relations:
        out.print(
            gettext(
                "  {what}: {rows:,} rows, {entries:,} entries",
                what=field_label(relation.what),
                rows=relation.rows,
                entries=relation.entries,
            ),
            soft_wrap=True,
        )
        _because(relation.examples)


def show_diff(answer: pb.DiffVersionsResponse) -> None:
    """Print what differs between two versions."""
    out.print(
        gettext(
            "from version {from_version} to {to_version}: {added_total:,} added, "
            "{removed_total:,} removed, {changed_total:,} changed",
            from_version=answer.from_version,
            to_version=answer.to_version,
            added_total=answer.added_total,
            removed_total=answer.removed_total,
            changed_total=answer.changed_total,
        ),
        soft_wrap=True,
    )
    for sign, entries, total in (
        ("+", answer.added, answer.added_total),
        ("-", answer.removed, answer.removed_total),
        ("~", answer.changed, answer.changed_total),
    ):
        for entry in entries:
            action = shown_word(decision_pb2.Action, entry.action)
            text = f"{sign} {action} {entry.pattern}  {entry.reason}"
            out.print(text, markup=False, soft_wrap=True)
        if total > len(entries):
            out.print(gettext("{sign} … {total:,} more", sign=sign, total=total - len(entries)))
    if answer.change_ids:
        ids = ", ".join(map(str, answer.change_ids[:_SHOWN]))
        more = " …" if len(answer.change_ids) > _SHOWN else ""
        out.print(gettext("by changes {ids}{more}", ids=ids, more=more), soft_wrap=True)


def _show_impact(impact: pb.ChangeImpact) -> None:
    if not impact.known:
        out.print(
            gettext(
                "  impact not known: {unknown_because}",
                unknown_because=impact.unknown_because,
            ),
            markup=False,
            soft_wrap=True,
        )
        if not impact.rows_examined:
            return
    out.print(
        gettext(
            "  of the last {hours:g} h, by estimate: {calls:,.0f} calls, {texts:,.0f} "
            "texts, {links:,.0f} links decided otherwise; {parties:,.0f} parties, "
            "{known_contacts:,.0f} of them known contacts",
            hours=impact.hours,
            calls=impact.calls,
            texts=impact.texts,
            links=impact.links,
            parties=impact.parties,
            known_contacts=impact.known_contacts,
        ),
        soft_wrap=True,
    )
    for one in impact.top[:_SHOWN]:
        action = shown_word(decision_pb2.Action, one.action)
        text = f"    {action} {one.pattern}  {one.events:,.0f} {one.channel}s, "
        out.print(
            gettext("{text}{parties:,.0f} parties", text=text, parties=one.parties),
            markup=False,
            soft_wrap=True,
        )


def _emergency(change: pb.Change) -> str:
    urgent = change.emergency
    text = gettext(
        "EMERGENCY, change {id} by {author}: {why}; ",
        id=change.id,
        author=change.author,
        why=urgent.why,
    )
    if urgent.confirmed_by:
        return gettext(
            "{text}confirmed by {confirmed_by}", text=text, confirmed_by=urgent.confirmed_by
        )
    ends = written(urgent.ends_at_s * 1000)
    if urgent.expired:
        return gettext("{text}ended {ends}, not confirmed", text=text, ends=ends)
    return gettext(
        "{text}ends {ends} unless confirmed: fanzha changes confirm {id}",
        text=text,
        ends=ends,
        id=change.id,
    )


def _second(change: pb.Change) -> str:
    if change.approved_by:
        return change.approved_by
    if change.unreviewed_risks:
        return gettext("none (UNREVIEWED)")
    if change.one_person:
        return gettext("none (one person)")
    if change.kind == pb.CHANGE_KIND_APPEAL and change.applied_version:
        return gettext("the appeals officer")
    return gettext("needed") if change.second_person_needed else ""


def _because(reasons: Iterable[Any]) -> None:
    for reason in reasons:
        out.print(f"    {reason}", markup=False, soft_wrap=True)


def _when(at_ms: int) -> str:
    return written(at_ms) if at_ms else ""
