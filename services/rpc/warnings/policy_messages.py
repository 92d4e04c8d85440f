"""Writes warning policies, their versions and proposals as messages."""

import hashlib
from collections.abc import Callable
from typing import Any

from fanzha.translation.negotiation import for_caller
from fanzha.v1 import warning_policy_pb2 as pb
from services.carrier_policy.policy_log import PolicyReport
from services.carrier_policy.version import PolicyVersion
from services.warning.dispatch.limits import LimitRules
from services.warning.model import Tier
from services.warning.policy import comparison, in_force
from services.warning.policy.comparison import TierDifference
from services.warning.policy.in_force import WarningPolicySource, WarningPolicyState
from services.warning.policy.proposal_store import ProposalState, WarningPolicyProposal
from services.warning.policy.tiers import TierPolicy, TierRule

_SOURCES = {
    WarningPolicySource.SHIPPED: pb.WARNING_POLICY_SOURCE_SHIPPED,
    WarningPolicySource.STORE: pb.WARNING_POLICY_SOURCE_STORE,
    WarningPolicySource.FILE: pb.WARNING_POLICY_SOURCE_FILE,
}
_STATES = {
    ProposalState.WAITING: pb.WARNING_POLICY_PROPOSAL_STATE_WAITING,
    ProposalState.APPROVED: pb.WARNING_POLICY_PROPOSAL_STATE_APPROVED,
    ProposalState.REJECTED: pb.WARNING_POLICY_PROPOSAL_STATE_REJECTED,
}

# Generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


def state(found: WarningPolicyState) -> pb.GetWarningPolicyResponse:
    """Write a policy, but for what the server has besides."""
    message = summary(found.version)
    message.document, message.sha256 = found.document, found.sha256
    return pb.GetWarningPolicyResponse(
        policy=message,
        tiers=tiers(found.tiers),
        source=_wire(_SOURCES[found.source]),
        file=found.file,
        file_changed_at_ms=found.file_changed_at_ms,
    )


def summary(found: PolicyVersion) -> pb.WarningPolicyVersion:
    """Write a version without its document."""
    document = found.document or in_force.shipped()
    return pb.WarningPolicyVersion(
        version=found.version,
        sha256=hashlib.sha256(document.encode()).hexdigest(),
        author=found.author,
        approved_by=found.approved_by,
        reason=found.reason,
        proposal=found.change_id,
        committed_at_ms=found.committed_at_ms,
    )


def tiers(policy: TierPolicy) -> pb.TierPolicy:
    """Write a policy line by line."""
    return pb.TierPolicy(
        name=policy.version,
        about=policy.about,
        medium=policy.medium,
        high=policy.high,
        lines=map(_line, policy.lines),
        plans=[
            pb.TierPlan(
                tier=tier.name.lower(),
                steps=[
                    pb.TierStep(channel=one.channel, within_ms=one.within_ms)
                    for one in policy.plans[tier]
                ],
            )
            for tier in sorted(Tier, reverse=True)
        ],
    )


def _line(line: TierRule) -> pb.TierLine:
    return pb.TierLine(
        id=line.id,
        about=line.about,
        points=line.points,
        at_least=line.at_least.name.lower() if line.at_least else "",
        at_most=line.at_most.name.lower() if line.at_most else "",
        conditions=[
            pb.TierCondition(condition=word, values=values)
            for word, values in comparison.conditions(line.when).items()
        ],
    )


def limits(rules: LimitRules, language: str) -> pb.WarningLimits:
    """Write when warnings may go out."""
    return pb.WarningLimits(
        quiet_from=f"{rules.quiet_from:%H:%M}",
        quiet_until=f"{rules.quiet_until:%H:%M}",
        utc_offset_minutes=int(rules.utc_offset.total_seconds() // 60),
        breaks_quiet=[tier.name.lower() for tier in sorted(rules.breaks_quiet)],
        per_day=rules.per_day,
        per_day_high=rules.per_day_high,
        per_campaign=rules.per_campaign,
        may_opt_out=sorted(rules.may_opt_out),
        test_mode=rules.test_mode,
        language=language,
    )


def process(report: PolicyReport) -> pb.WarningPolicyProcess:
    """Write the report of a process."""
    return pb.WarningPolicyProcess(
        process=report.worker,
        version=report.version,
        from_file=report.source == "file",
        refused=report.refused,
        unaudited=report.unaudited,
    )


def difference(one: TierDifference) -> pb.WarningPolicyDifference:
    """Write what differs in one part."""
    return pb.WarningPolicyDifference(
        part=one.part, before=for_caller(one.before), after=for_caller(one.after)
    )


def proposal(one: WarningPolicyProposal) -> pb.WarningPolicyProposal:
    """Write a proposal; the document while it waits."""
    waits = one.state is ProposalState.WAITING
    return pb.WarningPolicyProposal(
        number=one.number,
        name=one.name,
        sha256=one.sha256,
        document=(one.document or in_force.shipped()) if waits else "",
        base_version=one.base_version,
        restores_version=one.restores_version,
        differences=one.differences,
        reason=one.reason,
        author=one.author,
        made_at_ms=one.made_at_ms,
        state=_wire(_STATES[one.state]),
        decided_by=one.decided_by,
        decided_at_ms=one.decided_at_ms,
        note=one.note,
        version=one.version,
    )
