"""Serves ModelService: converts messages, calls the model service, converts back."""

from typing import Any

from fanzha.errors import InvalidInput
from fanzha.v1 import feedback_pb2
from fanzha.v1 import model_pb2 as pb
from fanzha.v1 import model_pb2_grpc as pb_grpc
from services.decision.model_kinds import ModelKind
from services.models.requests import ModelRequests
from services.models.service import ModelChange, ModelControl
from services.rpc.models import messages


class ModelServicer(pb_grpc.ModelServiceServicer):
    """Lists models and changes which decide. Errors become statuses in the error interceptor."""

    def __init__(self, control: ModelControl, requests: ModelRequests) -> None:
        self._control = control
        self._requests = requests

    async def ListModels(
        self, request: pb.ListModelsRequest, context: object
    ) -> pb.ListModelsResponse:
        bundles = await self._control.bundles()
        return pb.ListModelsResponse(
            models=map(messages.state, await self._control.states()),
            bundles=[messages.bundles(kind, found) for kind, found in bundles.items()],
        )

    async def GetModelStatus(
        self, request: pb.GetModelStatusRequest, context: object
    ) -> pb.GetModelStatusResponse:
        (found,) = await self._control.states([_kind(request.kind)])
        return pb.GetModelStatusResponse(model=messages.state(found))

    async def ActivateModel(
        self, request: pb.ActivateModelRequest, context: object
    ) -> pb.ActivateModelResponse:
        self._requests.check_alone()
        done = await self._control.activate(
            _kind(request.kind), request.version, by=request.changed_by
        )
        return pb.ActivateModelResponse(
            desired=messages.desired(done.desired), durability=_durability(done)
        )

    async def ShadowModel(
        self, request: pb.ShadowModelRequest, context: object
    ) -> pb.ShadowModelResponse:
        done = await self._control.shadow(
            _kind(request.kind),
            request.version,
            share=request.share if request.HasField("share") else 1.0,
            by=request.changed_by,
        )
        return pb.ShadowModelResponse(
            desired=messages.desired(done.desired), durability=_durability(done)
        )

    async def RollbackModel(
        self, request: pb.RollbackModelRequest, context: object
    ) -> pb.RollbackModelResponse:
        done = await self._control.rollback(_kind(request.kind), by=request.changed_by)
        return pb.RollbackModelResponse(
            desired=messages.desired(done.desired), durability=_durability(done)
        )

    async def ProposeModel(
        self, request: pb.ProposeModelRequest, context: object
    ) -> pb.ProposeModelResponse:
        made = await self._requests.propose(
            _kind(request.kind), request.version, reason=request.reason, by=request.proposed_by
        )
        return pb.ProposeModelResponse(request=messages.request(made))

    async def ListModelRequests(
        self, request: pb.ListModelRequestsRequest, context: object
    ) -> pb.ListModelRequestsResponse:
        return pb.ListModelRequestsResponse(
            requests=map(messages.request, await self._requests.all()),
            second_person_needed=self._requests.second_person_needed,
        )

    async def DecideModelRequest(
        self, request: pb.DecideModelRequestRequest, context: object
    ) -> pb.DecideModelRequestResponse:
        decide = self._requests.approve if request.approve else self._requests.reject
        done = await decide(request.number, note=request.note, by=request.decided_by)
        return pb.DecideModelRequestResponse(request=messages.request(done))

    async def GetModelCard(
        self, request: pb.GetModelCardRequest, context: object
    ) -> pb.GetModelCardResponse:
        card, page = await self._control.card(_kind(request.kind), request.version)
        return pb.GetModelCardResponse(card=card, page=page)


def _kind(number: int) -> ModelKind:
    for kind, known in messages.KINDS.items():
        if known == number:
            return kind
    raise InvalidInput("kind: required; unknown number {number}", number=number)


def _durability(done: ModelChange) -> Any:
    # Generated stubs want a type of their own.
    return feedback_pb2.DURABILITY_SYNCED if done.synced else feedback_pb2.DURABILITY_MEMORY
