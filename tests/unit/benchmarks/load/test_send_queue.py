from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.load import frames
from benchmarks.load.send_queue import Outbox

SIZES = st.lists(st.integers(1, 200_000), min_size=1, max_size=6)


def sent(output: list[bytes]) -> tuple[dict[int, int], set[int]]:
    """Return the bytes sent by stream, and the streams that were ended."""
    sizes: dict[int, int] = defaultdict(int)
    ended = set()
    for frame in output:
        assert frame[3] == frames.DATA
        assert len(frame) - 9 <= frames.FRAME_BYTES
        stream = int.from_bytes(frame[5:9], "big")
        assert stream not in ended
        sizes[stream] += len(frame) - 9
        if frame[4] & frames.END_STREAM:
            ended.add(stream)
    return sizes, ended


@given(SIZES)
def test_no_more_is_sent_than_the_windows_allow(sizes: list[int]) -> None:
    output: list[bytes] = []
    outbox = Outbox(output)

    for number, size in enumerate(sizes):
        outbox.put(2 * number + 1, bytes(size))

    by_stream, _ = sent(output)
    assert sum(by_stream.values()) == min(sum(sizes), frames.DEFAULT_WINDOW)


@given(SIZES, st.integers(1000, 90_000))
def test_everything_is_sent_once_there_is_room(sizes: list[int], step: int) -> None:
    output: list[bytes] = []
    outbox = Outbox(output)
    streams = {2 * number + 1: size for number, size in enumerate(sizes)}
    for stream, size in streams.items():
        outbox.put(stream, bytes(size))

    for _ in range(sum(sizes) // step + 1):
        outbox.widen(0, step)
        for stream in streams:
            outbox.widen(stream, step)

    by_stream, ended = sent(output)
    assert by_stream == streams
    assert ended == set(streams)


def test_a_wider_window_of_the_settings_counts_for_messages_under_way() -> None:
    output: list[bytes] = []
    outbox = Outbox(output)
    outbox.widen(0, 10**6)
    outbox.put(1, bytes(100_000))

    outbox.set_stream_window(200_000)

    assert sent(output) == ({1: 100_000}, {1})


def test_a_dropped_message_is_sent_no_further() -> None:
    output: list[bytes] = []
    outbox = Outbox(output)
    outbox.put(1, bytes(100_000))

    outbox.drop(1)
    outbox.widen(0, 10**6)
    outbox.widen(1, 10**6)

    by_stream, ended = sent(output)
    assert by_stream == {1: frames.DEFAULT_WINDOW}
    assert not ended
