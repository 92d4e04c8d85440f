"""Shows the carrier policy: versions, documents, what workers have in force."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from fanzha.v1 import policy_pb2 as pb
from services.cli._common.console import err, out, wide
from services.cli._common.time_arguments import written
from services.cli.changes.display import show_line, show_policy

_SOURCES = {
    pb.POLICY_SOURCE_STORE: "",
    pb.POLICY_SOURCE_COPY: "from the copy of its host, the store does not answer it",
    pb.POLICY_SOURCE_FILE: "from its carrier_policy_file, it does not follow this policy",
}


def show(answer: pb.GetPolicyResponse) -> None:
    """Print a version, and then its document as it can be proposed again."""
    policy = answer.policy
    if not policy.version:
        err.print("no carrier policy was ever applied: the settings hold for all")
    else:
        err.print(
            f"version {policy.version} of {written(policy.committed_at_ms)}, change "
            f"{policy.change_id} by {policy.author}, {_approver(policy)}: {policy.reason}",
            soft_wrap=True,
        )
    show_workers(answer)
    out.print(policy.document, end="", soft_wrap=True)


def show_workers(answer: pb.GetPolicyResponse) -> None:
    """Print on standard error how many workers have which version, and those with a fault."""
    if not answer.workers:
        err.print("no worker reports")
    versions = [one.version for one in answer.workers if one.source != pb.POLICY_SOURCE_FILE]
    for version in sorted(set(versions), reverse=True):
        count = versions.count(version)
        have = "worker has" if count == 1 else "workers have"
        err.print(f"{count} {have} version {version} in force")
    for one in answer.workers:
        faults = [
            _SOURCES.get(one.source, ""),
            f"refused: {one.refused}" if one.refused else "",
            "its version was not made by list administration" if one.unaudited else "",
        ]
        if text := "; ".join(filter(None, faults)):
            err.print(f"{one.worker}: {text}", style="red", soft_wrap=True)


def show_proposal(answer: pb.ProposePolicyResponse) -> None:
    """Print what a proposal changes, and its request if there is one."""
    if answer.HasField("change"):
        show_policy(answer.policy)
        show_line(answer.change)
        return
    out.print(f"against version {answer.version}:")
    show_policy(answer.policy)
    needed = "needed" if answer.second_person_needed else "not needed"
    reasons = "; ".join(answer.second_person_reasons)
    out.print(f"  a second person is {needed}: {reasons}", soft_wrap=True)


def show_versions(versions: Sequence[Any]) -> None:
    """Print versions as a table."""
    table = Table(box=None, pad_edge=False)
    for name in ("version", "committed", "change", "author", "second person", "reason"):
        table.add_column(name, overflow="fold")
    for one in versions:
        table.add_row(
            str(one.version), written(one.committed_at_ms), str(one.change_id), one.author,
            one.approved_by or "none", one.reason,
        )  # fmt: skip
    wide().print(table)


def _approver(policy: pb.PolicyVersion) -> str:
    return f"approved by {policy.approved_by}" if policy.approved_by else "not reviewed"
