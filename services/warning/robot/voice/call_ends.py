"""How calls end, by what SIP says (RFC 3261, section 21), and what follows."""

import re
from dataclasses import dataclass
from enum import StrEnum

from infra.sip.outgoing_call import CallRefused

_BUSY = frozenset({486, 600})
_DECLINED = frozenset({603, 607, 608})
_NO_SUCH_NUMBER = frozenset({404, 410, 414, 416, 484, 485, 604})
_NO_ANSWER = frozenset({408, 480, 487})
_NO_AUDIO = frozenset({415, 488, 606})
_OVERLOADED = 503
_REDIRECTIONS = range(300, 400)
_SECONDS = re.compile(r"([0-9]{1,6})\b")
_LONGEST_WAIT = 3_600.0
_WAIT = 5.0


class CallEnd(StrEnum):
    """What became of a call."""

    TALKED = "talked"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    """The person refused the call."""
    NO_SUCH_NUMBER = "no_such_number"
    MACHINE = "machine"
    """A machine seems to have taken it."""
    NO_AUDIO = "no_audio"
    """No audio could be agreed on."""
    REDIRECTED = "redirected"
    """The trunk named somebody else, who was not called."""
    TRUNK_FAILED = "trunk_failed"
    TRUNK_DOWN = "trunk_down"
    """The trunk does not answer, or takes no calls at present."""


_BEFORE_THE_PHONE = frozenset(
    {CallEnd.TRUNK_DOWN, CallEnd.TRUNK_FAILED, CallEnd.REDIRECTED, CallEnd.NO_SUCH_NUMBER}
)
"""Ends that a person does not notice, unless the phone has rung first."""
REDIALLED = frozenset({CallEnd.NO_ANSWER, CallEnd.BUSY, CallEnd.MACHINE, CallEnd.TRUNK_FAILED})
"""Ends after which the next round calls again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailure:
    """Why nobody was talked to."""

    end: CallEnd
    why: str
    wait_seconds: float = _WAIT
    """After which a trunk that is down is tried again."""
    rang: bool = True
    """Whether the phone may have rung, so that the call counts for the person."""


def failure_of(refused: CallRefused) -> CallFailure:
    """Return what a refusal means."""
    status = refused.status
    if status in _REDIRECTIONS:
        end = CallEnd.REDIRECTED
    elif refused.silent or status == _OVERLOADED:
        end = CallEnd.TRUNK_DOWN
    else:
        end = next((one for statuses, one in _ENDS if status in statuses), CallEnd.TRUNK_FAILED)
    return CallFailure(
        end=end,
        why=f"{end.value} ({status})",
        wait_seconds=_wait(refused),
        rang=refused.rang or end not in _BEFORE_THE_PHONE,
    )


_ENDS = (
    (_BUSY, CallEnd.BUSY),
    (_DECLINED, CallEnd.DECLINED),
    (_NO_SUCH_NUMBER, CallEnd.NO_SUCH_NUMBER),
    (_NO_ANSWER, CallEnd.NO_ANSWER),
    (_NO_AUDIO, CallEnd.NO_AUDIO),
)


def _wait(refused: CallRefused) -> float:
    match = _SECONDS.match(refused.retry_after)
    return min(float(match[1]), _LONGEST_WAIT) if match else _WAIT
