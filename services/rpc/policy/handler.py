"""Serves PolicyService: converts messages, calls the change service and the log, converts back."""

from collections.abc import Callable

from fanzha.errors import InvalidInput
from fanzha.translation.negotiation import for_caller
from fanzha.v1 import policy_pb2 as pb
from fanzha.v1 import policy_pb2_grpc as pb_grpc
from infra import paging
from services.auth import identity
from services.carrier_policy.policy_log import PolicyLog
from services.changes.policy.requests import PolicyContents, PolicyTerms
from services.changes.service import ChangeService
from services.rpc.changes import messages as change_messages
from services.rpc.policy import messages

MAX_PAGE_SIZE = 200
DEFAULT_PAGE_SIZE = 50


class PolicyServicer(pb_grpc.PolicyServiceServicer):
    """Serves the carrier policy. Errors become statuses in the error interceptor."""

    def __init__(self, changes: ChangeService, log: PolicyLog, now_ms: Callable[[], int]) -> None:
        self._changes = changes
        self._log = log
        self._now_ms = now_ms

    async def GetPolicy(
        self, request: pb.GetPolicyRequest, context: object
    ) -> pb.GetPolicyResponse:
        found = await (
            self._log.get(request.version) if request.HasField("version") else self._log.head()
        )
        return pb.GetPolicyResponse(
            policy=messages.version(found),
            workers=map(messages.worker, await self._log.reports(self._now_ms())),
        )

    async def ProposePolicy(
        self, request: pb.ProposePolicyRequest, context: object
    ) -> pb.ProposePolicyResponse:
        made = await self._changes.propose_policy(
            _contents(request),
            PolicyTerms(
                author=request.author if request.dry_run else identity.author(request.author),
                reason=request.reason,
                expected_version=request.expected_version
                if request.HasField("expected_version")
                else None,
                confirmed_risks=tuple(request.confirmed_risks),
                hold=request.hold,
                dry_run=request.dry_run,
            ),
        )
        return pb.ProposePolicyResponse(
            change=change_messages.change(made.record) if made.record else None,
            policy=change_messages.policy(made.policy),
            version=made.version,
            second_person_needed=made.second_person.needed,
            second_person_reasons=map(for_caller, made.second_person.reasons),
            document=made.document,
        )

    async def ListPolicyVersions(
        self, request: pb.ListPolicyVersionsRequest, context: object
    ) -> pb.ListPolicyVersionsResponse:
        size = request.page_size or DEFAULT_PAGE_SIZE
        if size > MAX_PAGE_SIZE:
            raise InvalidInput(
                "page_size: must be 1 to {most}, not {given}", most=MAX_PAGE_SIZE, given=size
            )
        before = paging.number_of(request.page_token)
        found = await self._log.page(before, size + 1)
        more = found[size - 1].version if len(found) > size else 0
        return pb.ListPolicyVersionsResponse(
            versions=map(messages.summary, found[:size]), next_page_token=paging.position_at(more)
        )


def _contents(request: pb.ProposePolicyRequest) -> PolicyContents:
    given = request.WhichOneof("contents")
    if given == "set":
        if not request.set.assignments:
            raise InvalidInput("set: at least one assignment")
        return PolicyContents(assignments=tuple(request.set.assignments))
    if given == "restore_version":
        return PolicyContents(restores_version=request.restore_version)
    if given == "document":
        return PolicyContents(document=request.document)
    raise InvalidInput("contents: a document, settings or a version")
