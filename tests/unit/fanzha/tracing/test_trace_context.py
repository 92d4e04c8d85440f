"""Headers of W3C trace context are read as recommended; anything else is no trace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.tracing import trace_context
from fanzha.tracing.trace_context import CURRENT, UNTRACED, TraceContext

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
contexts = st.builds(
    TraceContext, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans()
)


@given(contexts)
def test_what_is_written_is_read_again(context: TraceContext) -> None:
    assert trace_context.read(context.header()) == context


@given(st.text())
def test_no_text_is_more_than_no_trace(text: str) -> None:
    found = trace_context.read(text)

    assert found is None or found.trace_id


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        # Other bits are not ours to read, and a later version may have more fields.
        (f"00-{TRACE}-{SPAN}-fe", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-holds", True),
    ],
)
def test_valid_headers(header: str, sampled: bool) -> None:
    assert trace_context.read(header) == TraceContext(int(TRACE, 16), int(SPAN, 16), sampled)


@pytest.mark.parametrize(
    "header",
    [
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01\n",
        f"cc-{TRACE}-{SPAN}-01-{'x' * 1000}",
    ],
)
def test_invalid_headers(header: str) -> None:
    assert trace_context.read(header) is None


def test_who_is_said_not_to_be_traced_is_not() -> None:
    ours = TraceContext(1, 2, sampled=True)
    token = CURRENT.set(ours)
    found = [trace_context.current()]
    CURRENT.set(UNTRACED)
    found.append(trace_context.current())
    CURRENT.reset(token)

    assert found == [ours, None]
