"""Shows the carrier policy: versions, documents, what workers have in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fanzha.translation.catalogue import gettext, ngettext
from fanzha.v1 import policy_pb2 as pb
from services.cli._common.console import err, out
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written
from services.cli.changes.display import show_line
from services.cli.policy import differences


def show(answer: pb.GetPolicyResponse) -> None:
    """Print a version, and then its document as it can be proposed again."""
    policy = answer.policy
    if not policy.version:
        err.print(gettext("no carrier policy was ever applied: the settings hold for all"))
    else:
        text = gettext(
            "version {version} of {time}, change {id} by {author}, {reviewed}: {reason}",
            version=policy.version,
            time=written(policy.committed_at_ms),
            id=policy.change_id,
            author=policy.author,
            reviewed=_approver(policy),
            reason=policy.reason,
        )
        err.print(text, soft_wrap=True)
    show_workers(answer)
    out.print(policy.document, end="", soft_wrap=True)


def show_workers(answer: pb.GetPolicyResponse) -> None:
    """Print on standard error how many workers have which version, and those with a fault."""
    if not answer.workers:
        err.print(gettext("no worker reports"))
    versions = [one.version for one in answer.workers if one.source != pb.POLICY_SOURCE_FILE]
    for version in sorted(set(versions), reverse=True):
        err.print(
            ngettext(
                "{count} worker has version {version} in force",
                "{count} workers have version {version} in force",
                count=versions.count(version),
                version=version,
            )
        )
    for one in answer.workers:
        if text := "; ".join(_faults(one)):
            err.print(f"{one.worker}: {text}", style="red", soft_wrap=True)


def _faults(worker: pb.WorkerPolicy) -> Iterator[str]:
    """Say why a worker does not have the newest version of the store."""
    if worker.source == pb.POLICY_SOURCE_COPY:
        yield gettext("it has the copy of its host: the store does not answer it")
    if worker.source == pb.POLICY_SOURCE_FILE:
        yield gettext("it has its carrier_policy_file, and does not follow this policy")
    if worker.refused:
        yield gettext("refused: {why}", why=worker.refused)
    if worker.unaudited:
        yield gettext("its version was not made by list administration")


def show_proposal(answer: pb.ProposePolicyResponse) -> None:
    """Print what a proposal changes, and its request if there is one."""
    if answer.HasField("change"):
        differences.show(answer.policy)
        show_line(answer.change)
        return
    out.print(gettext("against version {version}:", version=answer.version))
    differences.show(answer.policy)
    reasons = "; ".join(answer.second_person_reasons)
    text = (
        gettext("a second person is needed: {reasons}", reasons=reasons)
        if answer.second_person_needed
        else gettext("a second person is not needed: {reasons}", reasons=reasons)
    )
    out.print(f"  {text}", soft_wrap=True)


def show_versions(versions: Sequence[Any]) -> None:
    """Print versions as a table."""
    table = RowTable()
    for name in ("version", "committed", "change", "author", "second person", "reason"):
        table.add_column(gettext(name), prose=name == "reason")
    for one in versions:
        table.add_row(
            str(one.version), written(one.committed_at_ms), str(one.change_id), one.author,
            one.approved_by or gettext("none"), one.reason,
        )  # fmt: skip
    table.print()


def _approver(policy: pb.PolicyVersion) -> str:
    if policy.approved_by:
        return gettext("approved by {name}", name=policy.approved_by)
    return gettext("not reviewed")
