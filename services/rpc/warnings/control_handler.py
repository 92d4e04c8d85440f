"""Serves WarningControlService: converts messages, calls the control, converts back."""

from collections.abc import Callable, Iterable
from typing import Any

from fanzha.errors import InvalidInput
from fanzha.v1 import warning_control_pb2 as pb
from fanzha.v1 import warning_control_pb2_grpc as pb_grpc
from services.warning.control import WarningControl
from services.warning.dispatch.kill_switch import StopOrder
from services.warning.dispatch.limits import NoticeKind

_KINDS = dict(zip(NoticeKind, (1, 2, 3), strict=True))
"""The numbers of the wire, in the order of `NoticeKind`."""
_wire: Callable[[int], Any] = int


class WarningControlServicer(pb_grpc.WarningControlServiceServicer):
    """Stops and starts warnings. Errors become statuses in the error interceptor."""

    def __init__(self, control: WarningControl) -> None:
        self._control = control

    async def StopWarnings(
        self, request: pb.StopWarningsRequest, context: object
    ) -> pb.StopWarningsResponse:
        stop = await self._control.switch.stop(by=request.stopped_by, why=request.reason)
        return pb.StopWarningsResponse(stop=_stop(stop))

    async def StartWarnings(
        self, request: pb.StartWarningsRequest, context: object
    ) -> pb.StartWarningsResponse:
        were = await self._control.switch.start(by=request.started_by, why=request.reason)
        return pb.StartWarningsResponse(were_stopped=were)

    async def GetWarningSwitch(
        self, request: pb.GetWarningSwitchRequest, context: object
    ) -> pb.GetWarningSwitchResponse:
        stop = await self._control.switch.read()
        return pb.GetWarningSwitchResponse(
            stop=_stop(stop) if stop else None, test_mode=self._control.test_mode
        )

    async def SetOptOut(
        self, request: pb.SetOptOutRequest, context: object
    ) -> pb.SetOptOutResponse:
        kinds = await self._control.set_opt_out(
            request.number,
            _notice(request.kind),
            opted_out=request.opted_out,
            by=request.changed_by,
        )
        return pb.SetOptOutResponse(opted_out=_numbers(kinds))

    async def GetOptOuts(
        self, request: pb.GetOptOutsRequest, context: object
    ) -> pb.GetOptOutsResponse:
        kinds = await self._control.opted_out(request.number)
        return pb.GetOptOutsResponse(opted_out=_numbers(kinds))


def _stop(stop: StopOrder) -> pb.WarningStop:
    return pb.WarningStop(stopped_by=stop.by, reason=stop.why, stopped_at_ms=stop.at_ms)


def _notice(number: int) -> NoticeKind:
    for notice, known in _KINDS.items():
        if known == number:
            return notice
    raise InvalidInput("kind: required; unknown number {number}", number=number)


def _numbers(kinds: Iterable[NoticeKind]) -> list[Any]:
    return [_wire(_KINDS[kind]) for kind in sorted(kinds)]
