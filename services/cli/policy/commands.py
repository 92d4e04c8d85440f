"""`fanzha policy`: the policy of each carrier, changed through change requests."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import policy_pb2 as pb
from services.cli._common.confirmation import Confirm, agree, call
from services.cli._common.console import err, fail, print_json
from services.cli._common.exit_status import ExitStatus
from services.cli._common.json_words import as_dict
from services.cli._common.options import (
    DEFAULT_TARGET,
    After,
    AsJson,
    By,
    DryRun,
    Limit,
    Reason,
    Target,
    Yes,
)
from services.cli._common.server import read_pages, tell_more
from services.cli.changes import revert as changes
from services.cli.policy import differences, display, options
from services.cli.policy.options import (
    Assignments,
    ExpectedPolicy,
    PolicyFile,
    VersionNumber,
    server,
)

app = typer.Typer(
    no_args_is_help=True,
    help="The policy of each carrier: show, compare, propose, undo; `fanzha changes` approves.",
)
_PAGE = 200


@app.command()
def show(
    version: Annotated[
        int | None, typer.Option("--version", min=0, help="An earlier version.")
    ] = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show the policy in force, as a file that can be proposed, and which version workers have."""
    with server(target) as stub:
        answer = stub.GetPolicy(pb.GetPolicyRequest(version=version))
    if as_json:
        print_json(answer)
    else:
        display.show(answer)


@app.command()
def diff(
    file: PolicyFile = None,
    set_: Assignments = None,
    version: Annotated[
        int | None, typer.Option("--version", min=0, help="Compare with an earlier version.")
    ] = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Compare the policy in force with a file, settings or a version; changes nothing."""
    if version is not None and (file or set_):
        fail(gettext("--version: cannot be given with a file or --set"))
    request = (
        options.request(file, set_)
        if version is None
        else pb.ProposePolicyRequest(restore_version=version)
    )
    request.dry_run = True
    with server(target) as stub:
        answer = stub.ProposePolicy(request)
    _tell(answer, as_json=as_json)


@app.command()
def propose(
    reason: Reason,
    file: PolicyFile = None,
    set_: Assignments = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="Do not apply it, even where one person may.")
    ] = False,
    expected_version: ExpectedPolicy = None,
    confirm: Confirm = None,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Propose a policy: applied at once where one person may, else `fanzha changes approve`."""
    request = options.request(file, set_)
    request.reason, request.author, request.hold = reason, by, hold
    if expected_version is not None:
        request.expected_version = expected_version
    if not yes:
        _show_differences(request, target)
        agree(gettext("Propose this policy?"), yes=yes)
    _tell(_proposed(request, target, confirm), as_json=as_json)


@app.command()
def history(
    limit: Limit = 50,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List the versions of the policy, the newest first."""
    request = pb.ListPolicyVersionsRequest(page_token=after)
    with server(target) as stub:
        versions, answer = read_pages(
            stub.ListPolicyVersions, request, "versions", limit=limit, page=_PAGE
        )
    if as_json:
        print_json(as_dict(answer) | {"versions": [as_dict(one) for one in versions]})
        return
    display.show_versions(versions)
    tell_more(answer)


@app.command()
def revert(
    version: VersionNumber,
    reason: Reason,
    confirm: Confirm = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Undo what a version changed by a new change; what others changed since is left alone."""
    with server(target) as stub:
        found = stub.GetPolicy(pb.GetPolicyRequest(version=version)).policy
    if not found.change_id:
        fail(
            gettext("version {version} was made by no change", version=version),
            status=ExitStatus.NOT_FOUND,
        )
    changes.revert(
        found.change_id, reason, confirm=confirm, dry_run=dry_run, yes=yes, by=by, target=target,
        as_json=as_json,
    )  # fmt: skip


@app.command()
def restore(
    version: VersionNumber,
    reason: Reason,
    confirm: Confirm = None,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Bring the whole policy back to a version by a new change."""
    if not yes:
        _show_differences(pb.ProposePolicyRequest(restore_version=version), target)
        agree(gettext("Restore version {version}?", version=version), yes=yes)
    request = pb.ProposePolicyRequest(restore_version=version, reason=reason, author=by)
    _tell(_proposed(request, target, confirm), as_json=as_json)


def _show_differences(request: pb.ProposePolicyRequest, target: str) -> None:
    """Print on standard error what *request* would change."""
    dry = pb.ProposePolicyRequest()
    dry.CopyFrom(request)
    dry.dry_run = True
    with server(target) as stub:
        differences.show(stub.ProposePolicy(dry).policy, err)


def _proposed(
    request: pb.ProposePolicyRequest, target: str, confirm: list[str] | None
) -> pb.ProposePolicyResponse:
    answer: pb.ProposePolicyResponse = call(
        server, target, lambda stub: stub.ProposePolicy(request), request, confirm,
        doing=gettext("proposing the policy"),
    )  # fmt: skip
    return answer


def _tell(answer: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        display.show_proposal(answer)
