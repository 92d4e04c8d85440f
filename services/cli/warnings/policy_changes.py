"""`fanzha warnings policy in-force`, `versions`, `propose` and so on: the policy of the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_policy_pb2 as pb
from fanzha.v1 import warning_policy_pb2_grpc
from services.cli._common.console import fail, os_fault, out, print_json
from services.cli._common.enum_words import shown_word, wire_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Note, Target
from services.cli._common.plain_text import one_line
from services.cli._common.server import ServerOf
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written
from services.warning.policy import in_force

_server = ServerOf(lambda: warning_policy_pb2_grpc.WarningPolicyServiceStub, deadline_seconds=30.0)
_BYTES_OF_A_CHARACTER = 4
Number = Annotated[int, typer.Argument(min=1, help="Number of the proposal.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever approves it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only compare with what is in force.")]


def in_force_command(
    version: Annotated[
        int | None, typer.Option(min=0, help="An earlier version; 0: that of the package.")
    ] = None,
    document: Annotated[
        bool, typer.Option("--document", help="Print the text only, to edit and propose.")
    ] = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show which policy the server has in force: where from, by whom, since when."""
    with _server(target) as stub:
        found = stub.GetWarningPolicy(pb.GetWarningPolicyRequest(version=version))
    if document:
        out.print(found.policy.document, markup=False, highlight=False, soft_wrap=True, end="")
    elif as_json:
        print_json(_facts(found))
    else:
        _show(found)


def versions(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """List the versions of the policy, the newest first."""
    found: list[pb.WarningPolicyVersion] = []
    with _server(target) as stub:
        token = ""
        while True:
            page = stub.ListWarningPolicyVersions(
                pb.ListWarningPolicyVersionsRequest(page_size=200, page_token=token)
            )
            found += page.versions
            token = page.next_page_token
            if not token:
                break
    if as_json:
        print_json(list(map(_version, found)))
        return
    table = RowTable(
        gettext("version"), gettext("since"), gettext("author"), gettext("approved by"),
        gettext("reason"), "SHA-256",
    )  # fmt: skip
    for one in found:
        cells = (
            str(one.version), written(one.committed_at_ms), one.author, one.approved_by,
            one.reason, one.sha256[:12],
        )  # fmt: skip
        table.add_row(*map(one_line, cells))
    table.print()


def propose(
    file: Annotated[Path, typer.Argument(help="TOML file of the policy.")],
    reason: Reason = "",
    dry_run: DryRun = False,
    expected: Annotated[
        int | None, typer.Option(min=0, help="The version in force that you have seen.")
    ] = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Propose another policy; another person approves it."""
    request = pb.ProposeWarningPolicyRequest(
        document=_text(file),
        reason=reason,
        dry_run=dry_run,
        expected_version=expected,
        proposed_by=by,
    )
    _propose(request, target, as_json)


def restore(
    version: Annotated[
        int, typer.Argument(min=0, help="The version to restore; 0: that of the package.")
    ],
    reason: Reason = "",
    dry_run: DryRun = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Propose an earlier version; another person approves it."""
    request = pb.ProposeWarningPolicyRequest(
        restore_version=version, reason=reason, dry_run=dry_run, proposed_by=by
    )
    _propose(request, target, as_json)


def proposals(
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those that wait for a decision.")
    ] = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List proposals of a policy, the newest first."""
    with _server(target) as stub:
        found = stub.ListWarningPolicyProposals(
            pb.ListWarningPolicyProposalsRequest(waiting_only=waiting)
        )
    if as_json:
        print_json(list(map(_proposal, found.proposals)))
        return
    table = RowTable(
        gettext("proposal"), gettext("policy"), gettext("state"), gettext("author"),
        gettext("reason"), gettext("decided by"),
    )  # fmt: skip
    for one in found.proposals:
        cells = (
            str(one.number), one.name, _state(one), one.author, one.reason, one.decided_by
        )  # fmt: skip
        table.add_row(*map(one_line, cells))
    table.print()


def approve(
    number: Number,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Put a proposal of somebody else in force."""
    _decide(number, approve=True, note=note, by=by, target=target, as_json=as_json)


def reject(
    number: Number,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Refuse a proposal, or withdraw one's own."""
    _decide(number, approve=False, note=note, by=by, target=target, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add these commands to those of `fanzha warnings policy`."""
    app.command("in-force")(in_force_command)
    for command in (versions, propose, restore, proposals, approve, reject):
        app.command()(command)


def _propose(request: pb.ProposeWarningPolicyRequest, target: str, as_json: bool) -> None:
    with _server(target) as stub:
        made = stub.ProposeWarningPolicy(request)
    if as_json:
        print_json(
            {
                "proposal": _proposal(made.proposal) if made.HasField("proposal") else None,
                "differences": [
                    {"part": one.part, "before": one.before, "after": one.after}
                    for one in made.differences
                ],
                "version": made.version,
                "second_person_needed": made.second_person_needed,
            }
        )
        return
    table = RowTable(gettext("part"), gettext("before"), gettext("after"))
    for one in made.differences:
        table.add_row(*map(one_line, (one.part, one.before, one.after)))
    if made.differences:
        table.print()
    if made.HasField("proposal"):
        out.print(gettext("proposal {number} waits for approval", number=made.proposal.number))
    elif not made.differences:
        out.print(gettext("it is in force already"))


def _decide(number: int, *, approve: bool, note: str, by: str, target: str, as_json: bool) -> None:
    request = pb.DecideWarningPolicyProposalRequest(
        number=number, approve=approve, note=note, decided_by=by
    )
    with _server(target) as stub:
        done = stub.DecideWarningPolicyProposal(request).proposal
    if as_json:
        print_json(_proposal(done))
        return
    out.print(gettext("proposal {number}: {state}", number=done.number, state=_state(done)))
    if done.version:
        out.print(gettext("version {version} is in force", version=done.version))


def _show(found: pb.GetWarningPolicyResponse) -> None:
    policy, source = found.policy, found.source
    if source == pb.WARNING_POLICY_SOURCE_FILE:
        out.print(
            gettext(
                "policy {name}, from the file {file} of {when}",
                name=found.tiers.name,
                file=found.file,
                when=written(found.file_changed_at_ms),
            ),
            markup=False,
        )
    elif policy.version:
        out.print(
            gettext(
                "policy {name}, version {version}, since {when}: by {author}, approved by "
                "{approver}; {reason}",
                name=found.tiers.name,
                version=policy.version,
                when=written(policy.committed_at_ms),
                author=policy.author,
                approver=policy.approved_by,
                reason=one_line(policy.reason),
            ),
            markup=False,
        )
    else:
        out.print(gettext("policy {name}, that of the package", name=found.tiers.name))
    out.print(gettext("SHA-256 {sum}", sum=policy.sha256), highlight=False)
    for one in found.processes:
        held = gettext("from a file") if one.from_file else str(one.version)
        out.print(f"{one.process}: {one.refused or held}", markup=False, highlight=False)


def _facts(found: pb.GetWarningPolicyResponse) -> dict[str, Any]:
    return {
        "name": found.tiers.name,
        "source": wire_word(pb.WarningPolicySource, found.source),
        "file": found.file,
        "file_changed_at": written(found.file_changed_at_ms) if found.file_changed_at_ms else "",
        **_version(found.policy),
        "processes": [
            {"process": one.process, "version": one.version, "from_file": one.from_file,
             "refused": one.refused, "unaudited": one.unaudited}
            for one in found.processes
        ],
    }  # fmt: skip


def _version(one: pb.WarningPolicyVersion) -> dict[str, Any]:
    return {
        "version": one.version,
        "sha256": one.sha256,
        "author": one.author,
        "approved_by": one.approved_by,
        "reason": one.reason,
        "proposal": one.proposal,
        "committed_at": written(one.committed_at_ms) if one.committed_at_ms else "",
    }


def _proposal(one: pb.WarningPolicyProposal) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": one.name,
        "sha256": one.sha256,
        "base_version": one.base_version,
        "differences": one.differences,
        "reason": one.reason,
        "author": one.author,
        "made_at": written(one.made_at_ms),
        "state": wire_word(pb.WarningPolicyProposalState, one.state),
        "decided_by": one.decided_by,
        "decided_at": written(one.decided_at_ms) if one.decided_at_ms else "",
        "note": one.note,
        "version": one.version,
    }


def _state(one: pb.WarningPolicyProposal) -> str:
    return shown_word(pb.WarningPolicyProposalState, one.state)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_BYTES_OF_A_CHARACTER * in_force.MOST_CHARACTERS + 1).decode()
    except OSError as error:
        fail(f"{file}: {os_fault(error)}")
    except ValueError:
        fail(f"{file}: {gettext('no text')}")
