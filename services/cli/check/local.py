"""Decides in this process, without a server: `fanzha check --local`.

Reads the list files of the data folder, as the workers of this host would, and the
models. The activity memory starts empty, so a caller has no past.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from blocklists.snapshot import replica as list_replica
from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_pb2, interception_pb2
from infra.clock import now_ms
from infra.data_paths import LISTS
from services.auth import identity
from services.cli._common.console import err
from services.decision import observer
from services.processes import wiring
from services.settings import loader


def decide_here(method: str, request: Any) -> decision_pb2.Decision:
    """Answer one unary request of InterceptionService."""
    settings = loader.load()
    replica = list_replica.Replica(settings.data_dir / LISTS)
    if not replica.refresh():
        err.print(
            gettext(
                "no list file in {data_dir}: deciding without lists",
                data_dir=settings.data_dir / LISTS,
            )
        )
    ids = count(1)
    decider = wiring.build(
        settings.model_copy(update={"activity_slots": 2**10}),
        replica=replica,
        observer=observer.Observer(),
        reserve_ids=lambda _rows: next(ids),
        now_ms=now_ms,
    )
    answer = decider.interception.answer(
        method, request.SerializeToString(), who=identity.DEVELOPER
    )
    # The responses of all channels are written alike.
    return interception_pb2.DecideCallResponse.FromString(answer).decision
