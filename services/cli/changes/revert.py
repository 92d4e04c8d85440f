"""`fanzha changes revert`, `restore`, `diff`: undo, go back, compare."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import change_pb2 as pb
from services.cli._common.confirmation import Confirm, agree, call
from services.cli._common.console import PlainConsole, err, out, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, DryRun, Reason, Target, Yes
from services.cli.changes import display
from services.cli.changes.options import ChangeId, server, version
from services.cli.lists.options import FalsePositive
from services.cli.policy import differences


def revert(
    change_id: ChangeId,
    reason: Reason,
    false_positive: FalsePositive = False,
    confirm: Confirm = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Undo an applied change by a new one; what others changed since is left alone."""
    request = pb.RevertChangeRequest(
        id=change_id, author=by, reason=reason, false_positive=false_positive
    )
    if dry_run:
        _show_plan(_plan(target, "RevertChange", request), out, as_json=as_json)
        return
    if not yes:
        _show_plan(_plan(target, "RevertChange", request), err)
        agree(gettext("Revert change {number}?", number=change_id), yes=yes)
    answer = call(
        server, target, lambda stub: stub.RevertChange(request), request, confirm,
        doing=gettext("reverting change {change_id}", change_id=change_id),
    )  # fmt: skip
    if as_json:
        print_json(answer)
    else:
        display.show_line(answer.change)


def restore(
    list_version: Annotated[int, typer.Argument(min=0, metavar="VERSION", help="The version.")],
    reason: Reason,
    false_positive: FalsePositive = False,
    confirm: Confirm = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Bring the lists back to a version by a new change."""
    request = pb.RestoreVersionRequest(
        version=list_version, author=by, reason=reason, false_positive=false_positive
    )
    if dry_run:
        _show_plan(_plan(target, "RestoreVersion", request), out, as_json=as_json)
        return
    if not yes:
        _show_plan(_plan(target, "RestoreVersion", request), err)
        agree(gettext("Restore version {version}?", version=list_version), yes=yes)
    answer = call(
        server, target, lambda stub: stub.RestoreVersion(request), request, confirm,
        doing=gettext("restoring version {list_version}", list_version=list_version),
    )  # fmt: skip
    if as_json:
        print_json(answer)
    else:
        display.show_line(answer.change)


def _plan(target: str, method: str, request: Any) -> pb.UndoPlan:
    dry = type(request)()
    dry.CopyFrom(request)
    dry.dry_run = True
    with server(target, gettext("looking what would change")) as stub:
        plan: pb.UndoPlan = getattr(stub, method)(dry).plan
        return plan


def _show_plan(plan: pb.UndoPlan, console: PlainConsole, *, as_json: bool = False) -> None:
    if as_json:
        print_json(plan)
        return
    if plan.HasField("policy"):
        differences.show(plan.policy, console)
        return
    for entry in plan.removed:
        console.print(gettext("  removes  {pattern}", pattern=entry.pattern), soft_wrap=True)
    _say_more(plan.removed_total - len(plan.removed), console)
    for kept in plan.restored:
        console.print(gettext("  restores {pattern}", pattern=kept.pattern), soft_wrap=True)
    _say_more(plan.restored_total - len(plan.restored), console)
    console.print(
        gettext(
            "{removed} entries would be removed, {restored} restored, {left} left alone: changed "
            "by others since, or expired",
            removed=f"{plan.removed_total:,}",
            restored=f"{plan.restored_total:,}",
            left=f"{plan.left_alone_total:,}",
        ),
        soft_wrap=True,
    )


def _say_more(entries: int, console: PlainConsole) -> None:
    if entries:
        console.print(gettext("  … {entries} more", entries=f"{entries:,}"))


def diff(
    from_: Annotated[str, typer.Argument(metavar="VERSION", help="A version.")],
    to: Annotated[str, typer.Argument(help="Another, or now 现在.")] = "now",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows shown of each sort.")] = 100,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Compare two versions of the lists."""
    first = version(from_)
    if first is None:
        raise typer.BadParameter(gettext("the first is a number, such as 12"))
    request = pb.DiffVersionsRequest(from_version=first, to_version=version(to), limit=limit)
    with server(target, gettext("comparing versions")) as stub:
        answer = stub.DiffVersions(request)
    if as_json:
        print_json(answer)
    else:
        display.show_diff(answer)
