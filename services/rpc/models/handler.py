"""Serves ModelService: converts messages, calls the model service, converts back."""

from typing import Any

from fanzha.errors import InvalidInput
from fanzha.v1 import feedback_pb2
from fanzha.v1 import model_pb2 as pb
from fanzha.v1 import model_pb2_grpc as pb_grpc
from services.decision.model_kinds import ModelKind
from services.models.service import ModelChange, ModelControl
from services.rpc.models import messages


class ModelServicer(pb_grpc.ModelServiceServicer):
    """Lists models and changes which decide. Errors become statuses in the error interceptor."""

    def __init__(self, control: ModelControl) -> None:
        self._control = control

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


def _kind(number: int) -> ModelKind:
    for kind, known in messages.KINDS.items():
        if known == number:
            return kind
    raise InvalidInput("kind: required; unknown number {number}", number=number)


def _durability(done: ModelChange) -> Any:
    # Generated stubs want a type of their own.
    return feedback_pb2.DURABILITY_SYNCED if done.synced else feedback_pb2.DURABILITY_MEMORY
