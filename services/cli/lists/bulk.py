"""`fanzha blocklist count`, `bulk-edit`, `bulk-remove`, `history`: many, and one through time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from blocklists.importers import vocabulary
from fanzha.translation.catalogue import gettext, ngettext
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import change_state_pb2, decision_pb2
from services.cli._common.confirmation import Confirm, agree, call
from services.cli._common.console import err, out, print_json
from services.cli._common.enum_words import enum_word, shown_word
from services.cli._common.options import (
    DEFAULT_TARGET,
    After,
    AsJson,
    By,
    Limit,
    Reason,
    Target,
    Yes,
    enum,
)
from services.cli._common.server import read_pages, tell_more
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import last_day, written
from services.cli.lists import display
from services.cli.lists.criteria import (
    AnyAction,
    AnyMode,
    AnySource,
    BasisPart,
    Conditions,
    EnteredBy,
    OfRegion,
    OneCampaign,
    OneFraudType,
    Starts,
    criteria,
)
from services.cli.lists.options import (
    ExpectedVersion,
    FalsePositive,
    KindWord,
    expiry,
    kind,
    server,
)
from services.cli.lists.options import mode as read_mode
from services.cli.lists.options import review as read_review

_SHOWN = 20


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(count)
    app.command("bulk-edit")(bulk_edit)
    app.command("bulk-remove")(bulk_remove)
    app.command()(history)


def count(
    kind_: KindWord = "", action: AnyAction = "", source: AnySource = "", mode: AnyMode = "",
    pattern: Starts = "", fraud_type: OneFraudType = "", legal_basis: BasisPart = "",
    campaign: OneCampaign = "", region: OfRegion = "", entered_by: EnteredBy = "",
    only: Conditions = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Count entries by kind, action, source and what calls for attention."""
    chosen = criteria(
        kind_, action, source, mode, pattern=pattern, fraud_type=fraud_type,
        legal_basis=legal_basis, campaign=campaign, region=region, entered_by=entered_by,
            only=only,
    )  # fmt: skip
    with server(target) as stub:
        answer = stub.CountEntries(pb.CountEntriesRequest(criteria=chosen))
    if as_json:
        print_json(answer)
        return
    _show_counts(answer)


def bulk_edit(
    reason: Reason,
    kind_: KindWord = "", action: AnyAction = "", source: AnySource = "", mode: AnyMode = "",
    pattern: Starts = "", fraud_type: OneFraudType = "", legal_basis: BasisPart = "",
    campaign: OneCampaign = "", region: OfRegion = "", entered_by: EnteredBy = "",
    only: Conditions = None,
    set_expires: Annotated[str, typer.Option(help="When they end: 30d or 2026-12-31.")] = "",
    set_review: Annotated[str, typer.Option(help="When their need is reviewed: 90d.")] = "",
    set_mode: Annotated[str, typer.Option(help="enforce or shadow; of blocks.")] = "",
    set_source: Annotated[str, typer.Option(help="Who supplied them.")] = "",
    set_fraud_type: Annotated[str, typer.Option(help="Kind of fraud.")] = "",
    set_legal_basis: Annotated[str | None, typer.Option(help="The law or order.")] = None,
    set_campaign: Annotated[str | None, typer.Option(help="Named operation.")] = None,
    set_region: Annotated[
        str | None, typer.Option(help="Region in charge; '': the whole province.")
    ] = None,
    set_reason: Annotated[str, typer.Option(help="Why they are listed.")] = "",
    expected_version: ExpectedVersion = None,
    yes: Yes = False,
    confirm: Confirm = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Edit all entries that meet criteria, however many, in one change; asks first."""
    chosen = criteria(
        kind_, action, source, mode, pattern=pattern, fraud_type=fraud_type,
        legal_basis=legal_basis, campaign=campaign, region=region, entered_by=entered_by,
            only=only,
    )  # fmt: skip
    edit = _edit(
        expires=set_expires, review=set_review, mode=set_mode, source=set_source,
        fraud_type=set_fraud_type, legal_basis=set_legal_basis, campaign=set_campaign,
        region=set_region, reason=set_reason,
    )  # fmt: skip
    request = pb.ChangeMatchingRequest(
        criteria=chosen, edit=edit, reason=reason, author=by, expected_version=expected_version
    )
    _change(request, target, confirm, yes=yes, as_json=as_json)


def bulk_remove(
    reason: Reason,
    kind_: KindWord = "", action: AnyAction = "", source: AnySource = "", mode: AnyMode = "",
    pattern: Starts = "", fraud_type: OneFraudType = "", legal_basis: BasisPart = "",
    campaign: OneCampaign = "", region: OfRegion = "", entered_by: EnteredBy = "",
    only: Conditions = None,
    false_positive: FalsePositive = False,
    expected_version: ExpectedVersion = None,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Remove all entries that meet criteria, however many, in one change; asks first."""
    request = pb.ChangeMatchingRequest(
        criteria=criteria(
            kind_, action, source, mode, pattern=pattern, fraud_type=fraud_type,
            legal_basis=legal_basis, campaign=campaign, region=region, entered_by=entered_by,
            only=only,
        ),
        remove=True,
        reason=reason,
        author=by,
        expected_version=expected_version,
        false_positive=false_positive,
    )  # fmt: skip
    _change(request, target, None, yes=yes, as_json=as_json)


def history(
    pattern: Annotated[str, typer.Argument(help="The pattern of the entry.")],
    action: Annotated[str, typer.Option(help="block or allow.")] = "block",
    kind_: KindWord = "",
    limit: Limit = 50,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show what change requests did to an entry, the newest first."""
    entry = pb.EntryRef(
        kind=kind(kind_), pattern=pattern, action=enum(action, vocabulary.read_action, "--action")
    )
    request = pb.GetEntryHistoryRequest(entry=entry, page_token=after)
    with server(target) as stub:
        events, answer = read_pages(stub.GetEntryHistory, request, "events", limit=limit)
    if as_json:
        print_json(events)
    else:
        _show_events(events)
        if answer.rows_not_retained:
            out.print(
                gettext(
                    "{requests} requests are older than change_retention_days: their rows are gone",
                    requests=answer.rows_not_retained,
                )
            )
    tell_more(answer)


def _edit(
    *,
    expires: str,
    review: str,
    mode: str,
    source: str,
    fraud_type: str,
    legal_basis: str | None,
    campaign: str | None,
    region: str | None,
    reason: str,
) -> pb.MatchingEdit:
    now_s = int(time.time())
    end = expiry(expires, now_s)
    if "no_end" in end:
        raise typer.BadParameter(
            gettext("entries without an end are edited one by one"), param_hint="--set-expires"
        )
    given: dict[str, Any] = {
        "expires_at_s": end.get("expires_at_s"),
        "review_at_s": read_review(review, now_s) or None,
        "mode": read_mode(mode) or None,
        "source": enum(source, vocabulary.read_source, "--set-source") or None,
        "fraud_type": enum(fraud_type, vocabulary.read_fraud_type, "--set-fraud-type") or None,
        "legal_basis": legal_basis,
        "campaign": campaign,
        "region": region,
        "reason": reason or None,
    }
    return pb.MatchingEdit(**{name: one for name, one in given.items() if one is not None})


def _show_counts(answer: pb.CountEntriesResponse) -> None:
    for title, counts, word in (
        (gettext("kind"), answer.kinds, display.shown_kind),
        (gettext("action"), answer.actions, display.action),
        (gettext("source"), answer.sources, _source),
        (gettext("mode"), answer.modes, _mode),
        (gettext("only"), answer.conditions, _condition),
    ):
        for one in counts:
            out.print(f"{one.entries:>12,} {title} {word(one.value)}", markup=False)
    for basis in answer.legal_bases:
        title = gettext("legal basis")
        out.print(f"{basis.entries:>12,} {title} {basis.legal_basis}", markup=False)
    for area in answer.regions:
        region = area.region or gettext("the whole province")
        out.print(f"{area.entries:>12,} {gettext('region')} {region}", markup=False)
    out.print(
        gettext(
            "{matching:,} of {total:,} entries, version {version}",
            matching=answer.matching,
            total=answer.total,
            version=answer.version,
        )
    )


def _change(
    request: pb.ChangeMatchingRequest,
    target: str,
    confirm: list[str] | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    trial = pb.ChangeMatchingRequest()
    trial.CopyFrom(request)
    trial.dry_run = True
    with server(target) as stub:
        found = stub.ChangeMatching(trial)
    _show_examples(found)
    if not found.changed:
        raise typer.Exit(1)
    question = (
        ngettext("Remove this entry?", "Remove these {count} entries?", count=found.changed)
        if request.remove
        else ngettext("Edit this entry?", "Edit these {count:,} entries?", count=found.changed)
    )
    agree(question, yes=yes)
    request.expected_rows = found.matching
    request.expected_version = found.version
    answer = call(server, target, lambda stub: stub.ChangeMatching(request), request, confirm)
    if as_json:
        print_json(answer)
    else:
        display.show_request(answer)


def _show_examples(found: pb.ChangeMatchingResponse) -> None:
    for entry in found.examples[:_SHOWN]:
        _, pattern, action, _, _, source, reason, *_ = display.shown_columns(entry)
        err.print(f"  {pattern}  {action}, {source}, {reason}", markup=False, soft_wrap=True)
    if found.matching > len(found.examples):
        more = found.matching - len(found.examples)
        err.print(gettext("  … {entries} more", entries=f"{more:,}"))
    err.print(
        gettext(
            "{matching:,} entries meet the criteria; {changed:,} of them change",
            matching=found.matching,
            changed=found.changed,
        )
    )


def _show_events(events: Iterable[Any]) -> None:
    table = RowTable()
    for name in ("change", "state", "when", "author", "second person", "entry", "ends", "reason"):
        table.add_column(gettext(name), prose=name == "reason")
    for one in events:
        there = one.HasField("after")
        table.add_row(
            str(one.change_id),
            shown_word(change_state_pb2.ChangeState, one.change_state),
            written(one.at_ms),
            one.author,
            one.approved_by or "–",
            display.action(one.after.action) if there else gettext("removed"),
            _end(one.after) if there else "–",
            one.reason,
        )
    table.print()


def _end(entry: pb.Entry) -> str:
    return enum_word("expiry", "never") if entry.no_end else last_day(entry.expires_at_s)


def _source(number: int) -> str:
    return shown_word(decision_pb2.Source, number)


def _condition(number: int) -> str:
    return shown_word(pb.EntryCondition, number)


def _mode(number: int) -> str:
    return shown_word(pb.EntryMode, number)
