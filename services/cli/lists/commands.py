"""`fanzha blocklist`: the lists, over gRPC."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from blocklists.importers import vocabulary
from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from services.cli._common.confirmation import Confirm, call
from services.cli._common.console import err, out, print_json
from services.cli._common.enum_words import shown_word
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
from services.cli._common.time_arguments import written
from services.cli.lists import (
    bulk,
    critical,
    display,
    export,
    import_file,
    lifecycle,
    mappings,
    mirror,
    quarantine,
    removal,
)
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
from services.cli.lists.fingerprint import canonical
from services.cli.lists.options import (
    ActionWord,
    Campaign,
    DirectionWord,
    ExpectedVersion,
    Expires,
    FalsePositive,
    FraudTypeWord,
    KindWord,
    LegalBasis,
    ModeWord,
    Region,
    Replace,
    Review,
    SourceWord,
    expiry,
    kind,
    server,
)
from services.cli.lists.options import mode as read_mode
from services.cli.lists.options import review as read_review

app = typer.Typer(no_args_is_help=True, help="Show and change the block and allow lists.")
app.command("import")(import_file.import_)
app.command()(export.export)
app.command()(mirror.mirror)
app.command()(critical.critical)
bulk.add_to(app)
lifecycle.add_to(app)
quarantine.add_to(app)
app.add_typer(mappings.app, name="mappings")


_Patterns = Annotated[
    list[str],
    typer.Argument(
        help="Numbers, ranges such as +86170*, senders, hosts, URLs; with --kind fingerprint, "
        "texts: their near-duplicates are listed, and the texts sent nowhere."
    ),
]


@app.command()
def add(
    patterns: _Patterns,
    source: SourceWord,
    reason: Reason,
    action: ActionWord = "block",
    kind_: KindWord = "",
    direction: DirectionWord = "both",
    fraud_type: FraudTypeWord = "",
    legal_basis: LegalBasis = "",
    expires: Expires = "",
    review: Review = "",
    mode: ModeWord = "enforce",
    campaign: Campaign = "",
    region: Region = "",
    replace: Replace = False,
    expected_version: ExpectedVersion = None,
    confirm: Confirm = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Add entries; status 1 when one is refused or cannot be read."""
    common: dict[str, Any] = {
        "kind": kind(kind_),
        "action": enum(action, vocabulary.read_action, "--action"),
        "direction": enum(direction, vocabulary.read_direction, "--direction"),
        "fraud_type": enum(fraud_type, vocabulary.read_fraud_type, "--fraud-type"),
        "source": enum(source, vocabulary.read_source, "--source"),
        "review_at_s": read_review(review, int(time.time())),
        "mode": read_mode(mode), "legal_basis": legal_basis, "campaign": campaign,
        "region": region, "reason": reason, **expiry(expires, int(time.time())),
    }  # fmt: skip
    patterns = canonical(patterns, common["kind"])
    request = pb.UpdateEntriesRequest(
        expected_version=expected_version, author=by, reason=reason, replace=replace
    )
    request.additions.extend(pb.Entry(pattern=pattern, **common) for pattern in patterns)
    answer = call(server, target, lambda stub: stub.UpdateEntries(request), request, confirm)
    _tell(patterns, answer, answer.additions, as_json=as_json)
    raise typer.Exit(any(map(display.is_bad, answer.additions)))


@app.command()
def remove(
    patterns: Annotated[list[str], typer.Argument(help="Patterns of the entries.")],
    reason: Reason,
    action: Annotated[str, typer.Option(help="block or allow; empty: whichever there is.")] = "",
    kind_: KindWord = "",
    false_positive: FalsePositive = False,
    expected_version: ExpectedVersion = None,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Remove entries; status 1 when there is no such entry."""
    wanted = enum(action, vocabulary.read_action, "--action")
    patterns = canonical(patterns, kind(kind_))
    request = pb.UpdateEntriesRequest(
        expected_version=expected_version,
        removals=[
            pb.EntryRef(kind=kind(kind_), pattern=pattern, action=wanted) for pattern in patterns
        ],
        author=by,
        reason=reason,
        false_positive=false_positive,
    )
    removal.agree_to(target, request.removals, yes=yes)
    with server(target) as stub:
        answer = stub.UpdateEntries(request)
    _tell(patterns, answer, answer.removals, as_json=as_json)
    if any(report.outcome != pb.ROW_OUTCOME_REMOVED for report in answer.removals):
        raise typer.Exit(1)


@app.command()
def find(
    query: Annotated[
        str, typer.Argument(help="A number, range, sender, host, URL or fingerprint.")
    ],
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Find the entries that match, most decisive first; status 1 when there is none."""
    with server(target) as stub:
        answer = stub.FindEntries(pb.FindEntriesRequest(query=query))
    if as_json:
        print_json(answer)
    else:
        display.show_facts(answer)
        if answer.entries:
            display.show_entries(answer.entries, int(time.time()))
    display.exit_if_nothing(answer)


_Order = Annotated[
    str,
    typer.Option(
        help="newest or ends-first: only the first 100,000 can be paged through; empty: as kept."
    ),
]


@app.command("list")
def list_(
    kind_: KindWord = "",
    action: AnyAction = "",
    source: AnySource = "",
    mode: AnyMode = "",
    pattern: Starts = "",
    fraud_type: OneFraudType = "",
    legal_basis: BasisPart = "",
    campaign: OneCampaign = "",
    region: OfRegion = "",
    entered_by: EnteredBy = "",
    only: Conditions = None,
    order: _Order = "",
    limit: Limit = 50,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List entries."""
    chosen = criteria(
        kind_, action, source, mode, pattern=pattern, fraud_type=fraud_type, region=region,
        legal_basis=legal_basis, campaign=campaign, entered_by=entered_by, only=only,
    )  # fmt: skip
    request = pb.ListEntriesRequest(criteria=chosen, order=_order(order), page_token=after)
    with server(target) as stub:
        entries, answer = read_pages(stub.ListEntries, request, "entries", limit=limit)
    if as_json:
        print_json(entries)
    else:
        display.show_entries(entries, int(time.time()))
        out.print(
            gettext(
                "{entries} shown; {matching:,} match, {total:,} in all, version {version}",
                entries=len(entries),
                matching=answer.matching,
                total=answer.total,
                version=answer.version,
            )
        )
    tell_more(answer)


@app.command()
def status(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show the version of the lists, here and in every worker."""
    with server(target) as stub:
        answer = stub.GetStatus(pb.GetStatusRequest())
    if as_json:
        print_json(answer)
        return
    when = written(answer.committed_at_ms)
    out.print(
        gettext(
            "version {version}, committed {when}",
            version=answer.version,
            when=when if answer.version else gettext("never"),
        )
    )
    for count in answer.counts:
        action = shown_word(decision_pb2.Action, count.action)
        name = shown_word(pb.EntryKind, count.kind)
        shadow = gettext(" (shadow)") if count.mode == pb.ENTRY_MODE_SHADOW else ""
        out.print(f"{count.entries:>12,} {action} {name}{shadow}")
    if answer.changes_pending:
        out.print(
            gettext(
                "{changes_pending:,} changes wait for a second person",
                changes_pending=answer.changes_pending,
            )
        )
    for change in answer.unconfirmed_emergencies:
        err.print(
            gettext(
                "EMERGENCY, change {change}: not confirmed; fanzha changes show {change}",
                change=change,
            ),
            style="red",
        )
    quarantine.show_alarm(answer)
    _show_workers(answer)


def _show_workers(answer: pb.GetStatusResponse) -> None:
    for worker in answer.workers:
        age = (time.time() * 1000 - worker.applied_at_ms) / 1000
        out.print(
            gettext(
                "worker {worker}: version {list_version}, for {age:.0f} s",
                worker=worker.worker,
                list_version=worker.list_version,
                age=age,
            )
        )
    if not answer.workers:
        out.print(gettext("no worker has reported in the last ten seconds"))


def _order(word: str) -> pb.EntryOrder.ValueType:
    orders = {
        "": pb.ENTRY_ORDER_UNSPECIFIED,
        "newest": pb.ENTRY_ORDER_NEWEST,
        "ends-first": pb.ENTRY_ORDER_ENDS_FIRST,
    }
    if word not in orders:
        known = ", ".join(filter(None, orders))
        raise typer.BadParameter(
            gettext("{name!r} is none of {known}", name=word, known=known), param_hint="--order"
        )
    return orders[word]


def _tell(patterns: list[str], answer: Any, reports: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    display.show_reports(patterns, reports)
    display.show_request(answer)
