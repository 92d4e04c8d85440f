"""Serves WarningPolicyService: converts messages, calls the services, converts back."""

import asyncio
from collections.abc import Callable

from fanzha.errors import InvalidInput
from fanzha.v1 import warning_policy_pb2 as pb
from fanzha.v1 import warning_policy_pb2_grpc as pb_grpc
from infra import paging
from services.rpc.warnings import policy_messages as messages
from services.warning.dispatch.limits import LimitRules
from services.warning.messages.catalog import MessageCatalog
from services.warning.policy.in_force import WarningPolicyInForce
from services.warning.policy.proposal_store import ProposalState
from services.warning.policy.proposals import WarningPolicyProposals, WarningPolicyTerms

MAX_PAGE_SIZE = 200
DEFAULT_PAGE_SIZE = 50


class WarningPolicyServicer(pb_grpc.WarningPolicyServiceServicer):
    """Serves the warning policy. Errors become statuses in the error interceptor."""

    def __init__(
        self,
        policies: WarningPolicyInForce,
        proposals: WarningPolicyProposals,
        *,
        limits: LimitRules,
        language: str,
        templates: Callable[[], MessageCatalog],
        now_ms: Callable[[], int],
    ) -> None:
        self._policies = policies
        self._proposals = proposals
        self._limits = messages.limits(limits, language)
        self._templates = templates
        self._now_ms = now_ms

    async def GetWarningPolicy(
        self, request: pb.GetWarningPolicyRequest, context: object
    ) -> pb.GetWarningPolicyResponse:
        found = await (
            self._policies.get(request.version)
            if request.HasField("version")
            else self._policies.current()
        )
        answer = messages.state(found)
        answer.limits.CopyFrom(self._limits)
        # The first call reads and lints them all.
        catalog = await asyncio.to_thread(self._templates)
        answer.template_versions.extend(sorted({one.version for one in catalog.all()}))
        reports = await self._policies.log.reports(self._now_ms())
        answer.processes.extend(map(messages.process, reports))
        return answer

    async def ListWarningPolicyVersions(
        self, request: pb.ListWarningPolicyVersionsRequest, context: object
    ) -> pb.ListWarningPolicyVersionsResponse:
        size = request.page_size or DEFAULT_PAGE_SIZE
        if size > MAX_PAGE_SIZE:
            raise InvalidInput(
                "page_size: must be 1 to {most}, not {given}", most=MAX_PAGE_SIZE, given=size
            )
        found = await self._policies.log.page(paging.number_of(request.page_token), size + 1)
        more = found[size - 1].version if len(found) > size else 0
        return pb.ListWarningPolicyVersionsResponse(
            versions=map(messages.summary, found[:size]), next_page_token=paging.position_at(more)
        )

    async def ProposeWarningPolicy(
        self, request: pb.ProposeWarningPolicyRequest, context: object
    ) -> pb.ProposeWarningPolicyResponse:
        given = request.WhichOneof("contents")
        if given is None:
            raise InvalidInput("contents: a document or a version")
        made = await self._proposals.propose(
            WarningPolicyTerms(
                document=request.document,
                restores_version=request.restore_version if given == "restore_version" else None,
                reason=request.reason,
                by=request.proposed_by,
                expected_version=request.expected_version
                if request.HasField("expected_version")
                else None,
                dry_run=request.dry_run,
            )
        )
        return pb.ProposeWarningPolicyResponse(
            proposal=messages.proposal(made.proposal) if made.proposal else None,
            differences=map(messages.difference, made.differences),
            version=made.base_version,
            second_person_needed=self._proposals.second_person_needed,
            tiers=messages.tiers(made.state.tiers),
        )

    async def ListWarningPolicyProposals(
        self, request: pb.ListWarningPolicyProposalsRequest, context: object
    ) -> pb.ListWarningPolicyProposalsResponse:
        found = await self._proposals.all()
        return pb.ListWarningPolicyProposalsResponse(
            proposals=[
                messages.proposal(one)
                for one in found
                if not request.waiting_only or one.state is ProposalState.WAITING
            ],
            second_person_needed=self._proposals.second_person_needed,
        )

    async def GetWarningPolicyProposal(
        self, request: pb.GetWarningPolicyProposalRequest, context: object
    ) -> pb.GetWarningPolicyProposalResponse:
        found = await self._proposals.get(request.number)
        return pb.GetWarningPolicyProposalResponse(
            proposal=messages.proposal(found.proposal),
            differences=map(messages.difference, found.differences),
            version=found.base_version,
            second_person_needed=self._proposals.second_person_needed,
        )

    async def DecideWarningPolicyProposal(
        self, request: pb.DecideWarningPolicyProposalRequest, context: object
    ) -> pb.DecideWarningPolicyProposalResponse:
        decide = self._proposals.approve if request.approve else self._proposals.reject
        done = await decide(request.number, note=request.note, by=request.decided_by)
        return pb.DecideWarningPolicyProposalResponse(proposal=messages.proposal(done))
