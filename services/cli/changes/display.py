"""Shows change requests: contents, state, history."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table

from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2, change_state_pb2, decision_pb2
from fanzha.v1 import change_pb2 as pb
from services.cli._common.confirmation import show_unreviewed
from services.cli._common.console import PlainConsole, err, out, wide
from services.cli.changes.options import KINDS, STATES
from services.cli.lists.display import word

_SHOWN = 10


def state(change: pb.Change) -> str:
    """Return the state of a request."""
    return STATES[change.state][0] if change.state in STATES else "unknown"


def show_line(change: pb.Change) -> None:
    """Print the result of a request in a sentence or two."""
    if change.state == change_state_pb2.CHANGE_STATE_PENDING:
        out.print(f"change {change.id} waits for a second person", soft_wrap=True)
        _because(change.second_person_reasons)
    elif change.state == change_state_pb2.CHANGE_STATE_APPLIED and change.applied_version:
        alone = f"by {change.author} alone" if change.one_person else ""
        by = f"approved by {change.approved_by}" if change.approved_by else alone
        what = gettext("the carrier policy is") if change.HasField("policy") else "the lists are"
        out.print(
            f"change {change.id} is applied, {by}: {what} at version {change.applied_version}",
            markup=False,
            soft_wrap=True,
        )
    else:
        out.print(f"change {change.id} is {state(change)}", soft_wrap=True)
    show_unreviewed(change.unreviewed_risks)
    _show_left_alone(change)
    if change.HasField("emergency"):
        out.print(_emergency(change), markup=False, soft_wrap=True)


def show_header(answer: pb.ListChangesResponse) -> None:
    """Print unconfirmed emergencies, the number pending, and the second-person rule."""
    warn_of_emergencies(answer.unconfirmed_emergencies)
    out.print(
        f"{answer.pending:,} wait for a second person; second_person is "
        f"{answer.second_person_rule}",
        soft_wrap=True,
    )


def warn_of_emergencies(changes: Iterable[pb.Change]) -> None:
    """Print unconfirmed emergencies on standard error."""
    for change in changes:
        err.print(_emergency(change), style="red", soft_wrap=True)


def show_table(changes: Sequence[pb.Change]) -> None:
    """Print requests as a table."""
    table = Table(box=None, pad_edge=False)
    for name in ("change", "state", "kind", "+", "-", "author", "second person", "made", "reason"):
        table.add_column(name, overflow="fold", justify="right" if name in "+-" else "left")
    for change in changes:
        table.add_row(
            str(change.id), state(change), KINDS.get(change.kind, ""), f"{change.additions:,}",
            f"{change.removals:,}", change.author, _second(change), _when(change.created_at_ms),
            change.reason,
        )  # fmt: skip
    # Programs that read a pipe match whole reasons, so nothing is folded.
    wide().print(table)


def show(change: pb.Change) -> None:
    """Print a request."""
    lines = {
        "state": f"{state(change)}, revision {change.revision}",
        "kind": KINDS.get(change.kind, ""),
        "author": change.author,
        "reason": change.reason,
        "legal basis": change.legal_basis,
        "source": word(decision_pb2.Source, change.source, "SOURCE_"),
        "campaign": change.campaign,
        "rows": _rows(change),
        "removes": "false positives: their warnings are retracted" if change.false_positive else "",
        "base version": str(change.base_version),
        "applied": f"version {change.applied_version}, {_when(change.applied_at_ms)}"
        if change.applied_version
        else "",
        "second person": f"{_second(change)} ({change.second_person_rule})",
        "UNREVIEWED": ", ".join(change.unreviewed_risks),
        "undoes": str(change.reverts or ""),
        "undone by": str(change.reverted_by or ""),
        "confirms": str(change.confirms or ""),
        "restores": _restored(change),
        "rows sha256": change.rows_sha256,
        "rows kept": "" if change.rows_retained else "no: it can no longer be undone",
    }
    out.print(f"change {change.id}")
    for name, text in lines.items():
        if text:
            out.print(f"  {name:<14}{text}", markup=False, soft_wrap=True)
    _because(change.second_person_reasons)
    if change.HasField("emergency"):
        out.print(f"  {_emergency(change)}", markup=False, soft_wrap=True)
    _show_left_alone(change)
    if change.HasField("preview"):
        show_preview(change.preview)
    if change.HasField("policy"):
        show_policy(change.policy)
    _show_events(change)


def _rows(change: pb.Change) -> str:
    if change.HasField("policy"):
        return ""
    return f"{change.additions:,} to add, replace or edit, {change.removals:,} to remove"


def _show_left_alone(change: pb.Change) -> None:
    if change.left_alone:
        text = (
            gettext("left alone: {count:,} settings", count=change.left_alone)
            if change.HasField("policy")
            else f"left alone: {change.left_alone:,} entries"
        )
        out.print(text, soft_wrap=True)
        _because(change.left_alone_examples)


def _restored(change: pb.Change) -> str:
    return f"version {change.restores_version}" if change.HasField("restores_version") else ""


def _show_events(change: pb.Change) -> None:
    for event in change.events:
        note = f": {event.note}" if event.note else ""
        text = f"  {_when(event.at_ms)}  {event.who} {event.what.replace('_', ' ')}{note}"
        out.print(text, markup=False, soft_wrap=True)


def show_preview(preview: pb.ChangePreview) -> None:
    """Print what a change does."""
    counts = ", ".join(
        f"{one.rows:,} {word(blocklist_pb2.RowOutcome, one.outcome, 'ROW_OUTCOME_')}"
        for one in preview.counts
    )
    out.print(f"  against version {preview.version}: {counts or 'nothing'}", soft_wrap=True)
    if preview.without_effect:
        out.print(f"  {preview.without_effect:,} rows change no decision")
    if preview.without_fraud_type:
        out.print(
            f"  {preview.without_fraud_type:,} rows name no fraud type: their hits open no case "
            "and warn no one (--fraud-type, or default_fraud_types of the server)",
            soft_wrap=True,
        )
    for relation in preview.relations:
        out.print(
            f"  {relation.what.replace('_', ' ')}: {relation.rows:,} rows, "
            f"{relation.entries:,} entries",
            soft_wrap=True,
        )
        _because(relation.examples)
    _show_impact(preview.impact)
    if preview.HasField("shadow_impact"):
        out.print("  if its shadow entries enforced:")
        _show_impact(preview.shadow_impact)
    if preview.risks_total:
        out.print(f"  it hits what many depend on: {preview.risks_total:,}")
        _because(preview.risks)
    for text in preview.not_examined:
        out.print(f"  not examined: {text}", markup=False, soft_wrap=True)
    for problem in preview.problems[:_SHOWN]:
        out.print(f"  row {problem.row}: {problem.message}", markup=False, soft_wrap=True)


def show_policy(policy: pb.ProposedPolicy, console: PlainConsole = out) -> None:
    """Print the settings in effect that a change of the carrier policy changes."""
    if not policy.differences:
        console.print(f"  {gettext('changes no setting in effect')}")
    for one in policy.differences:
        text = f"  {one.carrier}  {one.setting}: {one.before} -> {one.after}"
        console.print(text, markup=False, soft_wrap=True)
    if policy.HasField("impact"):
        _show_policy_impact(policy.impact, console)


def _show_policy_impact(impact: pb.PolicyImpact, console: PlainConsole) -> None:
    if impact.unknown_because:
        text = gettext("impact not known: {why}", why=impact.unknown_because)
        console.print(f"  {text}", soft_wrap=True)
        if not impact.rows_examined:
            return
    heading = (
        gettext("of the last {hours:.1f} h, by estimate, decided otherwise:", hours=impact.hours)
        if impact.carriers
        else gettext("of the last {hours:.1f} h, nothing decided otherwise", hours=impact.hours)
    )
    console.print(f"  {heading}", soft_wrap=True)
    for one in impact.carriers:
        text = gettext(
            "{carrier}  {channel}: {block:,} more blocked, {allow:,} more let through",
            carrier=one.carrier or "-",
            channel=one.channel,
            block=one.would_block,
            allow=one.would_allow,
        )
        console.print(f"    {text}", soft_wrap=True)
    if impact.uncertain:
        text = gettext("not certain, the log says too little: {count:,}", count=impact.uncertain)
        console.print(f"  {text}", soft_wrap=True)


def show_diff(answer: pb.DiffVersionsResponse) -> None:
    """Print what differs between two versions."""
    out.print(
        f"from version {answer.from_version} to {answer.to_version}: "
        f"{answer.added_total:,} added, {answer.removed_total:,} removed, "
        f"{answer.changed_total:,} changed",
        soft_wrap=True,
    )
    for sign, entries, total in (
        ("+", answer.added, answer.added_total),
        ("-", answer.removed, answer.removed_total),
        ("~", answer.changed, answer.changed_total),
    ):
        for entry in entries:
            action = word(decision_pb2.Action, entry.action, "ACTION_")
            text = f"{sign} {action} {entry.pattern}  {entry.reason}"
            out.print(text, markup=False, soft_wrap=True)
        if total > len(entries):
            out.print(f"{sign} … {total - len(entries):,} more")
    if answer.change_ids:
        ids = ", ".join(map(str, answer.change_ids[:_SHOWN]))
        more = " …" if len(answer.change_ids) > _SHOWN else ""
        out.print(f"by changes {ids}{more}", soft_wrap=True)


def _show_impact(impact: pb.ChangeImpact) -> None:
    if not impact.known:
        out.print(f"  impact not known: {impact.unknown_because}", markup=False, soft_wrap=True)
        if not impact.rows_examined:
            return
    out.print(
        f"  of the last {impact.hours:g} h, by estimate: {impact.calls:,.0f} calls, "
        f"{impact.texts:,.0f} texts, {impact.links:,.0f} links decided otherwise; "
        f"{impact.parties:,.0f} parties, {impact.known_contacts:,.0f} of them known contacts",
        soft_wrap=True,
    )
    for one in impact.top[:_SHOWN]:
        action = word(decision_pb2.Action, one.action, "ACTION_")
        text = f"    {action} {one.pattern}  {one.events:,.0f} {one.channel}s, "
        out.print(f"{text}{one.parties:,.0f} parties", markup=False, soft_wrap=True)


def _emergency(change: pb.Change) -> str:
    urgent = change.emergency
    text = f"EMERGENCY, change {change.id} by {change.author}: {urgent.why}; "
    if urgent.confirmed_by:
        return f"{text}confirmed by {urgent.confirmed_by}"
    ends = time.strftime("%Y-%m-%d %H:%M", time.localtime(urgent.ends_at_s))
    if urgent.expired:
        return f"{text}ended {ends}, not confirmed"
    return f"{text}ends {ends} unless confirmed: fanzha changes confirm {change.id}"


def _second(change: pb.Change) -> str:
    if change.approved_by:
        return change.approved_by
    if change.unreviewed_risks:
        return "none (UNREVIEWED)"
    if change.one_person:
        return "none (one person)"
    if change.kind == pb.CHANGE_KIND_APPEAL and change.applied_version:
        return "the appeals officer"
    return "needed" if change.second_person_needed else ""


def _because(reasons: Iterable[Any]) -> None:
    for reason in reasons:
        out.print(f"    {reason}", markup=False, soft_wrap=True)


def _when(at_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_ms / 1000)) if at_ms else ""
