"""`fanzha changes create` and `edit`: the contents of a change."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from blocklists.importers import vocabulary
from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2, change_state_pb2
from fanzha.v1 import change_pb2 as pb
from services.cli._common.confirmation import Confirm, call
from services.cli._common.console import fail, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Reason, Target, Yes, enum
from services.cli.changes import display
from services.cli.changes.options import ChangeId, EmergencyWhy, server
from services.cli.lists import display as list_display
from services.cli.lists import removal
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
    Region,
    Replace,
    expiry,
    kind,
)

Add = Annotated[list[str] | None, typer.Option("--add", help="A pattern to list; may be repeated.")]
Remove = Annotated[
    list[str] | None,
    typer.Option("--remove", help="A pattern whose entry to remove; may be repeated."),
]
Edit = Annotated[
    list[str] | None,
    typer.Option(
        "--edit",
        help="A pattern whose entry gets the fields that are given; may be repeated. Fields that "
        "are not given stay.",
    ),
]
Source = Annotated[
    str,
    typer.Option(
        help="Who supplied it: ministry, province, bureau, carrier or tech_company; needed to add."
    ),
]
EditReason = Annotated[str, typer.Option(help="New reason of edited entries; empty: unchanged.")]


_Hold = Annotated[
    bool, typer.Option("--hold", help="Submit, but do not apply even where one person may.")
]


def create(
    reason: Reason,
    add: Add = None, remove: Remove = None, edit: Edit = None,
    source: Source = "",
    action: ActionWord = "block", kind_: KindWord = "",
    direction: DirectionWord = "",
    fraud_type: FraudTypeWord = "",
    legal_basis: LegalBasis = "", campaign: Campaign = "", region: Region = "",
    expires: Expires = "",
    entry_reason: EditReason = "",
    false_positive: FalsePositive = False,
    draft: Annotated[bool, typer.Option("--draft", help="Create a draft only.")] = False,
    hold: _Hold = False, emergency: EmergencyWhy = "",
    replace: Replace = False, expected_version: ExpectedVersion = None,
    confirm: Confirm = None, yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Create a change; applied at once where one person may, else pending.

    Shows the entries that it would remove, and asks; entries that it would replace need --replace.
    """
    contents = _contents(
        add or [], remove or [], edit or [], reason=reason, source=source, action=action,
        kind_=kind_, direction=direction, fraud_type=fraud_type, legal_basis=legal_basis,
        expires=expires, campaign=campaign, region=region, entry_reason=entry_reason,
        false_positive=false_positive,
    )  # fmt: skip
    request = pb.CreateChangeRequest(
        contents=contents, author=by, go_to=_go_to(draft=draft, hold=hold),
        expected_version=expected_version, emergency_why=emergency, replace=replace,
    )  # fmt: skip
    if not draft:
        removal.agree_to(target, contents.removals, yes=yes)
    answer = call(
        server, target, lambda stub: stub.CreateChange(request), request, confirm,
        doing=gettext("making the change"),
    )  # fmt: skip
    _tell(answer, [*(add or []), *(edit or [])], remove or [], as_json=as_json)


def _tell(
    answer: pb.CreateChangeResponse, added: list[str], removed: list[str], *, as_json: bool
) -> None:
    if as_json:
        print_json(answer)
    else:
        list_display.show_reports(added, answer.additions)
        list_display.show_reports(removed, answer.removals)
        display.show_line(answer.change)
    if any(map(list_display.is_bad, [*answer.additions, *answer.removals])):
        raise typer.Exit(1)


def _go_to(*, draft: bool, hold: bool) -> Any:
    if draft:
        return change_state_pb2.CHANGE_STATE_DRAFT
    return change_state_pb2.CHANGE_STATE_PENDING if hold else change_state_pb2.CHANGE_STATE_APPLIED


def edit(
    change_id: ChangeId,
    reason: Reason,
    add: Add = None,
    remove: Remove = None,
    edit: Edit = None,
    source: Source = "",
    action: ActionWord = "block",
    kind_: KindWord = "",
    direction: DirectionWord = "",
    fraud_type: FraudTypeWord = "",
    legal_basis: LegalBasis = "",
    expires: Expires = "",
    campaign: Campaign = "",
    region: Region = "",
    entry_reason: EditReason = "",
    false_positive: FalsePositive = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Replace the contents of a draft."""
    contents = _contents(
        add or [], remove or [], edit or [], reason=reason, source=source, action=action,
        kind_=kind_, direction=direction, fraud_type=fraud_type, legal_basis=legal_basis,
        expires=expires, campaign=campaign, region=region, entry_reason=entry_reason,
        false_positive=false_positive,
    )  # fmt: skip
    request = pb.EditChangeRequest(id=change_id, contents=contents, author=by)
    with server(target, gettext("editing change {change_id}", change_id=change_id)) as stub:
        answer = stub.EditChange(request)
    if as_json:
        print_json(answer)
    else:
        display.show_line(answer.change)


def _contents(
    add: list[str],
    remove: list[str],
    edit: list[str],
    *,
    reason: str,
    source: str,
    action: str,
    kind_: str,
    direction: str,
    fraud_type: str,
    legal_basis: str,
    expires: str,
    campaign: str,
    region: str,
    entry_reason: str,
    false_positive: bool,
) -> pb.ChangeContents:
    if not add and not remove and not edit:
        fail(gettext("--add, --remove or --edit: a change has at least one row"))
    which = kind(kind_)
    given = _given(direction, fraud_type, source)
    given |= {"legal_basis": legal_basis, "campaign": campaign, "region": region}
    ends = expiry(expires, int(time.time()))
    edited = _edited(given, ends, entry_reason)
    does: Any = enum(action, vocabulary.read_action, "--action")
    return pb.ChangeContents(
        additions=[
            blocklist_pb2.Entry(kind=which, pattern=one, action=does, **given, **ends)
            for one in canonical(add, which)
        ],
        removals=[
            blocklist_pb2.EntryRef(kind=which, pattern=one) for one in canonical(remove, which)
        ],
        edits=[pb.EntryEdit(kind=which, pattern=one, **edited) for one in canonical(edit, which)],
        reason=reason, source=given["source"], legal_basis=legal_basis, campaign=campaign,
        false_positive=false_positive,
    )  # fmt: skip


def _given(direction: str, fraud_type: str, source: str) -> dict[str, Any]:
    return {
        "direction": enum(direction, vocabulary.read_direction, "--direction"),
        "fraud_type": enum(fraud_type, vocabulary.read_fraud_type, "--fraud-type"),
        "source": enum(source, vocabulary.read_source, "--source"),
    }


def _edited(given: dict[str, Any], ends: dict[str, Any], reason: str) -> dict[str, Any]:
    """Return the fields that an edit changes: those that were given."""
    edited = {name: value for name, value in given.items() if value}
    edited |= {"reason": reason} if reason else {}
    return edited | {name: value for name, value in ends.items() if name == "expires_at_s"}
