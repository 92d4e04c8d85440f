"""Times a confirmation on one host until another host counts it on another channel.

``python -m benchmarks.related_propagation``: two services of real processes share one store. A
person confirms a link, a number or a text on host A; host B is asked about a text or a call that
holds it, every few milliseconds, until the answer names it. The time runs from before the request
to confirm until that answer. The first round, right after the start, is told apart. A confirmation
that takes `_MOST_SECONDS` ends the run.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import grpc
import numpy as np

from benchmarks import results, service
from benchmarks.sweep.propagation import quantiles
from fanzha.fingerprint import fingerprint
from fanzha.v1 import decision_pb2, feedback_pb2, feedback_pb2_grpc, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb

FIRST_NUMBER = 8617000100000
RECEIVER = "+8617000000999"
_MOST_SECONDS = 30.0
_POLL_SECONDS = 0.004
_LONGEST_PAUSE = 0.3
_OCCURRED_AT_MS = 1_767_603_600_000


class Crossing(NamedTuple):
    """A confirmation on one channel that another channel waits for."""

    name: str
    confirmed: Callable[[int], feedback_pb2.DecidedTraffic]
    """What the confirmation of this number is about."""
    asked: Callable[[int], pb.Text | pb.Call]


def main() -> None:
    """Measure, and print or keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--confirmations", type=int, default=60, help="of each kind")
    parser.add_argument("--workers", type=int, default=1, help="worker processes of each host")
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    options = parser.parse_args()
    with service.running(workers=options.workers) as one:
        store = (one.folder / "valkey" / "url").read_text().strip()
        with service.running(workers=options.workers, FANZHA_REDIS_URL=store) as other:
            measured = _measure(one.target, other.target, options.confirmations)
    report = {"workers": options.workers, "confirmations": options.confirmations}
    results.write("related_propagation", report | measured, save=options.save)


def _measure(here: str, there: str, count: int) -> dict[str, Any]:
    chance = np.random.default_rng(7)
    found: dict[str, list[float]] = {crossing.name: [] for crossing in CROSSINGS}
    with grpc.insecure_channel(here) as one, grpc.insecure_channel(there) as other:
        feedback: Any = feedback_pb2_grpc.FeedbackServiceStub(one)
        decisions: Any = interception_pb2_grpc.InterceptionServiceStub(other)
        for place in range(count + 1):
            for kind, crossing in enumerate(CROSSINGS):
                time.sleep(float(chance.uniform(0, _LONGEST_PAUSE)))
                decision_id = place * len(CROSSINGS) + kind + 1
                found[crossing.name].append(
                    _seconds(feedback, decisions, crossing, place, decision_id)
                )
    return {f"{name}_ms": _figures(seconds) for name, seconds in found.items()}


def _seconds(
    feedback: Any, decisions: Any, crossing: Crossing, place: int, decision_id: int
) -> float:
    asked = crossing.asked(place)
    if _is_related(decisions, asked):
        raise RuntimeError(f"{crossing.name}: marked before it was confirmed")
    request = feedback_pb2.ConfirmHitRequest(
        decision_id=decision_id, confirmed_by="bench", traffic=crossing.confirmed(place)
    )
    start = time.monotonic()
    feedback.ConfirmHit(request, timeout=_MOST_SECONDS)
    while not _is_related(decisions, asked):
        if time.monotonic() - start > _MOST_SECONDS:
            raise RuntimeError(f"{crossing.name}: not marked within {_MOST_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - start


def _is_related(decisions: Any, asked: pb.Text | pb.Call) -> bool:
    if isinstance(asked, pb.Call):
        answer = decisions.DecideCall(pb.DecideCallRequest(call=asked), timeout=_MOST_SECONDS)
    else:
        answer = decisions.DecideText(pb.DecideTextRequest(text=asked), timeout=_MOST_SECONDS)
    return bool(answer.decision.related_entity)


def _figures(seconds: Sequence[float]) -> dict[str, float]:
    first, *rest = seconds
    return {"first": round(first * 1000, 1), "n": len(rest), **quantiles(rest)}


def _traffic(**fields: Any) -> feedback_pb2.DecidedTraffic:
    return feedback_pb2.DecidedTraffic(occurred_at_ms=_OCCURRED_AT_MS, **fields)


def _link(place: int) -> str:
    return f"http://pay.case{place}.example/a"


def _number(place: int) -> str:
    return f"+{FIRST_NUMBER + place}"


def _text(sender: int, body: str) -> pb.Text:
    # A sender of its own: whoever sends a confirmed link again and again is suspected.
    return pb.Text(sender=f"+{FIRST_NUMBER + sender}", receiver=RECEIVER, body=body)


def _words(place: int) -> str:
    """Return a text that is near no other."""
    return "".join(chr(0x4E00 + (place * 977 + at * at * 131) % 5000) for at in range(60))


CROSSINGS = (
    Crossing(
        "link_to_text",
        lambda place: _traffic(channel=decision_pb2.CHANNEL_LINK, url=_link(place)),
        lambda place: _text(100_000 + place, f"你好，明天见。资料在 {_link(place)} 。"),
    ),
    Crossing(
        "caller_to_text",
        lambda place: _traffic(
            channel=decision_pb2.CHANNEL_CALL, from_party=_number(place), to_party=RECEIVER
        ),
        lambda place: _text(200_000 + place, f"你好，明天见。有事打 {_number(place)[3:]} 。"),
    ),
    Crossing(
        "words_to_text",
        lambda place: _traffic(
            channel=decision_pb2.CHANNEL_TEXT,
            from_party=_number(place + 60_000),
            to_party=RECEIVER,
            fingerprint=fingerprint(_words(place)),
        ),
        lambda place: _text(300_000 + place, _words(place) + "谢谢"),
    ),
    Crossing(
        "sender_to_call",
        lambda place: _traffic(
            channel=decision_pb2.CHANNEL_TEXT,
            from_party=_number(place + 50_000),
            to_party=RECEIVER,
        ),
        lambda place: pb.Call(caller=_number(place + 50_000), callee=RECEIVER),
    ),
)


if __name__ == "__main__":
    main()
