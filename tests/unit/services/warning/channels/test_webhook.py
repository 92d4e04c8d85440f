"""What an endpoint may write into its answer, and how it is read."""

from hypothesis import example, given
from hypothesis import strategies as st

from services.warning.channels.webhook import retry_after


@given(st.text(st.characters(max_codepoint=255), max_size=30) | st.integers(0).map(str))
@example("²")
@example("9" * 5000)
@example("Wed, 21 Oct 2026 07:28:00 GMT")
def test_any_retry_after_is_a_pause_within_an_hour(header: str) -> None:
    assert 0 <= retry_after(header) <= 3600


@given(st.integers(0, 3600))
def test_seconds_are_read_as_they_are_written(seconds: int) -> None:
    assert retry_after(str(seconds)) == seconds
