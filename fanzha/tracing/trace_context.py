"""W3C trace context: which trace a request belongs to, and whether that trace is recorded.

``traceparent: 00-<trace id, 32 hex>-<span id, 16 hex>-<flags, 2 hex>`` (W3C, Trace Context 1). Bit
0 of the flags says that the caller records. A header of a later version is read by the fields that
it shares with version 00, as the recommendation has it.
"""

import re
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

TRACEPARENT = "traceparent"
"""Name of the header, and of the field in hits and messages."""
_HEADER = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1
_MAX_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A span that others may be children of."""

    trace_id: int
    span_id: int
    sampled: bool

    def header(self) -> str:
        """Write it as the value of a ``traceparent``."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{int(self.sampled):02x}"


def read(header: str) -> TraceContext | None:
    """Read a ``traceparent``; None for one that is invalid, which counts as none."""
    if len(header) > _MAX_CHARACTERS:
        return None
    found = _HEADER.fullmatch(header)
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest):
        return None
    context = TraceContext(int(trace_id, 16), int(span_id, 16), bool(int(flags, 16) & _SAMPLED))
    return context if context.trace_id and context.span_id else None


UNTRACED = TraceContext(0, 0, sampled=False)
"""Set as `CURRENT`: no trace, whatever OpenTelemetry says."""
CURRENT: ContextVar[TraceContext | None] = ContextVar("fanzha_trace", default=None)
"""The span in which this task works, where ours made it."""


def current() -> TraceContext | None:
    """Return the span in which the caller works: one of ours, else that of OpenTelemetry.

    A program that uses OpenTelemetry has imported it, so it is not imported here.
    """
    context = CURRENT.get()
    api: Any = sys.modules.get("opentelemetry.trace")
    if context is not None or api is None:
        return None if context is UNTRACED else context
    found = api.get_current_span().get_span_context()
    if not found.is_valid:
        return None
    return TraceContext(found.trace_id, found.span_id, bool(found.trace_flags.sampled))
