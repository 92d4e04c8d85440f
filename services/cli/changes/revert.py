"""`fanzha changes revert`, `restore`, `diff`: undo, go back, compare."""

from typing import Annotated

import typer

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext
from fanzha.v1 import change_pb2 as pb
from services.cli._common.confirmation import Confirm, call
from services.cli._common.console import print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Reason, Target
from services.cli.changes import display
from services.cli.changes.options import ChangeId, server, version
from services.cli.lists.options import FalsePositive


def revert(
    change_id: ChangeId,
    reason: Reason,
    false_positive: FalsePositive = False,
    confirm: Confirm = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Undo an applied change by a new one; what others changed since is left alone."""
    request = pb.RevertChangeRequest(
        id=change_id, author=by, reason=reason, false_positive=false_positive
    )
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
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Bring the lists back to a version by a new change."""
    request = pb.RestoreVersionRequest(
        version=list_version, author=by, reason=reason, false_positive=false_positive
    )
    answer = call(
        server, target, lambda stub: stub.RestoreVersion(request), request, confirm,
        doing=gettext("restoring version {list_version}", list_version=list_version),
    )  # fmt: skip
    if as_json:
        print_json(answer)
    else:
        display.show_line(answer.change)


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
        raise typer.BadParameter(str(InvalidInput("the first is a number, such as 12")))
    request = pb.DiffVersionsRequest(from_version=first, to_version=version(to), limit=limit)
    with server(target, gettext("comparing versions")) as stub:
        answer = stub.DiffVersions(request)
    if as_json:
        print_json(answer)
    else:
        display.show_diff(answer)
