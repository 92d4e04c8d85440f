"""Hands appeals from the block page to the administration server.

Its login, in FANZHA_TOKEN_FILE and FANZHA_TLS_…, needs a role that may open appeals, and no other.
"""

import logging
from dataclasses import dataclass

import grpc

from fanzha.client import channels
from fanzha.v1 import appeal_pb2, appeal_pb2_grpc
from integrations.http.appeal_form import AppealForm

logger = logging.getLogger(__name__)
_SECONDS = 10.0
_UNKNOWN = {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What became of an appeal: a receipt, or why there is none."""

    receipt: str = ""
    why: str = ""

    @property
    def unknown(self) -> bool:
        """Whether the decision is not on record."""
        return self.why == "unknown"


class AppealDesk:
    """Used inside one running event loop."""

    def __init__(self, target: str) -> None:
        self._channel = channels.asynchronous(target)
        self._appeals = appeal_pb2_grpc.AppealServiceStub(self._channel)

    async def open(self, form: AppealForm) -> HandedIn:
        """Open an appeal. The same person may repeat it: there is one appeal of each."""
        request = appeal_pb2.OpenAppealRequest(
            decision_id=form.decision_id,
            appellant=form.appellant,
            contact=form.contact,
            grounds=form.grounds,
            opened_by="block page",
        )
        try:
            answer = await self._appeals.OpenAppeal(request, timeout=_SECONDS)
        except grpc.aio.AioRpcError as error:
            logger.warning("appeal not opened", extra={"status": error.code().name})
            return HandedIn(why="unknown" if error.code() in _UNKNOWN else "away")
        return HandedIn(receipt=answer.receipt)

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()
