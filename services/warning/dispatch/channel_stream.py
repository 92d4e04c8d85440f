"""Fields of the entries in the send stream of a channel."""

import re
from collections.abc import Mapping

from fanzha.errors import InvalidInput
from fanzha.tracing.trace_context import TRACEPARENT
from infra.redis.consumer_group import StreamEntry
from services.warning.cases import ids
from services.warning.channels.channel import Outgoing
from services.warning.dispatch.send_ledger import SendStatus

NOTED = "noted_ms"
_IN_DOUBT = "in doubt, it may have been sent"
_E164 = re.compile(r"\+[0-9]{1,15}")
_NUMBER = re.compile(r"[0-9]{1,18}")


def read(fields: Mapping[str, str]) -> Outgoing:
    """Parse an entry of a send stream. Raises `InvalidInput`."""
    for name in ("message_id", "to", "text"):
        if not fields.get(name):
            raise InvalidInput("{name}: is missing", name=name)
    if not _E164.fullmatch(fields["to"]):
        raise InvalidInput("to: is no E.164 number")
    attempt, tier = fields.get("attempt", "1"), fields.get("tier", "0")
    if not _NUMBER.fullmatch(attempt) or not _NUMBER.fullmatch(tier):
        raise InvalidInput("attempt, tier: are no numbers")
    return Outgoing(
        message_id=fields["message_id"],
        to=fields["to"],
        text=fields["text"],
        priority=1 if int(tier) > 2 else 0,  # noqa: PLR2004 - high
        case_id=fields.get("case_id") or ids.case_of_message(fields["message_id"]),
        attempt=int(attempt),
        region=fields.get("region", ""),
        tier=min(int(tier), 3),
        campaign=fields.get("campaign", ""),
        step=int(fields["step"]) if _NUMBER.fullmatch(fields.get("step", "")) else 0,
        trace=fields.get(TRACEPARENT, ""),
    )


def step_of(entry: StreamEntry) -> int:
    """Return the index of the step in its plan."""
    return _number(entry, "step")


def why_of(status: SendStatus, why: str) -> str:
    """Return the reason of a failure, marked if the message is in doubt."""
    return f"{_IN_DOUBT}: {why}" if status is SendStatus.DOUBT else why


def is_in_doubt(why: str) -> bool:
    """Whether a reason is that of a message that may have been sent."""
    return why.startswith(_IN_DOUBT)


def noted_ms(entry: StreamEntry) -> int:
    """Return the date to which its case was last postponed for this message; 0: never."""
    return _number(entry, NOTED)


def _number(entry: StreamEntry, name: str) -> int:
    text = entry.fields.get(name, "0")
    return int(text) if _NUMBER.fullmatch(text) else 0
