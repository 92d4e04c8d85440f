"""The families of a worker's metrics about requests; part of `metrics_layout`."""

from fanzha.tables import Channel
from services.decision.shed_reasons import ShedReason
from services.telemetry.drift_families import WORDS
from services.telemetry.metric_family import Family

RPC_CODES = (
    *("cancelled", "unknown", "invalid_argument", "deadline_exceeded", "not_found"),
    *("already_exists", "permission_denied", "resource_exhausted", "failed_precondition"),
    *("aborted", "out_of_range", "unimplemented", "internal", "unavailable", "data_loss"),
    "unauthenticated",
)
QUEUE_BOUNDS = (1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0)
_REQUEST_BOUNDS = (
    *(1e-4, 2.5e-4, 5e-4, 7.5e-4, 1e-3, 1.5e-3, 2e-3, 3e-3),
    *(5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.25, 1.0),
)
REQUEST_ID_OUTCOMES = ("repeated", "conflict", "evicted")

RPC_ERRORS = Family(
    name="fanzha_rpc_errors",
    kind="counter",
    text="Requests that did not end with OK.",
    labels=("code",),
    values=tuple((code,) for code in RPC_CODES),
)
REQUESTS_SHED = Family(
    name="fanzha_requests_shed",
    kind="counter",
    text="Requests for decisions that were shed, by reason; without those that gRPC's core cancels "
    "when its queue is full.",
    labels=("reason",),
    values=tuple((reason.value,) for reason in ShedReason),
)
QUEUE_SECONDS = Family(
    name="fanzha_queue_seconds",
    kind="histogram",
    text="Requests for decisions, by the longest wait of any request of their batch, from when it "
    "was read; without those too large for one batch, and without the wait in gRPC's core.",
    bounds=QUEUE_BOUNDS,
)
REQUEST_SECONDS = Family(
    name="fanzha_request_seconds",
    kind="histogram",
    text="Time of a request for decisions in the worker, from when it was read to its answer: "
    "waiting for the batch before, and being decided. Refused requests are not in it.",
    labels=("channel",),
    values=tuple((WORDS[channel],) for channel in Channel),
    bounds=_REQUEST_BOUNDS,
)
REQUEST_IDS = Family(
    name="fanzha_request_ids",
    text="Rows with a request id: repeated ones, which got an earlier answer; those with the id of "
    "another row, decided as new; and answers forgotten early because the table was full.",
    labels=("outcome",),
    values=tuple((outcome,) for outcome in REQUEST_ID_OUTCOMES),
)
