"""Requests that wait at the same time are decided together, each with its own answer."""

from collections.abc import Sequence
from typing import Any

from fanzha.errors import InvalidInput
from fanzha.tables import Channel
from services.rpc.decide.batch_queue import MAX_REQUESTS, BatchQueue
from services.rpc.middleware.fair_share import FairShare

MAX_ROWS = 1024


class Doubling:
    """Stands for a handler: doubles numbers, and remembers which came together."""

    max_rows = MAX_ROWS
    channel = Channel.TEXT

    def __init__(self, rows: int = 1) -> None:
        self.batches: list[list[int]] = []
        self.rows = rows

    def weight(self, _request: int) -> int:
        return self.rows

    def answer_batch(self, numbers: Sequence[int]) -> list[Any]:
        self.batches.append(list(numbers))
        if 13 in numbers:
            raise ArithmeticError
        return [InvalidInput("odd") if number % 2 else 2 * number for number in numbers]


class Number(int):
    """Stands for a request."""

    login = "gateway"


def put(queue: BatchQueue, handler: Any, *numbers: int) -> list[Any]:
    """Let *numbers* wait; return where their answers will be."""
    answers: list[Any] = []
    for request in map(Number, numbers):
        asked: Any = request
        queue.put(handler, asked, answers.append)
    return answers


def test_each_gets_its_own_answer_out_of_one_batch() -> None:
    queue, double = BatchQueue(), Doubling()
    answers = put(queue, double, *range(10))

    assert not queue.decide_batch()

    assert double.batches == [list(range(10))]
    assert answers[::2] == [0, 4, 8, 12, 16]
    assert {str(answer) for answer in answers[1::2]} == {"odd"}


def test_nothing_is_decided_where_nothing_waits() -> None:
    assert not BatchQueue().decide_batch()


def test_a_batch_has_a_most_of_requests_and_of_rows() -> None:
    queue, single, large = BatchQueue(), Doubling(), Doubling(rows=MAX_ROWS // 2)
    put(queue, single, *[2] * (2 * MAX_REQUESTS + 1))
    put(queue, large, *[2] * 3)
    put(queue, Doubling(rows=MAX_ROWS * 4), 2)

    while queue.decide_batch():
        pass

    assert [len(batch) for batch in single.batches] == [MAX_REQUESTS, MAX_REQUESTS, 1]
    assert [len(batch) for batch in large.batches] == [2, 1]


def test_channels_take_turns() -> None:
    queue, order = BatchQueue(), list[str]()

    class Noting(Doubling):
        def answer_batch(self, numbers: Sequence[int]) -> list[Any]:
            order.append("long")
            return super().answer_batch(numbers)

    class Short(Doubling):
        def answer_batch(self, numbers: Sequence[int]) -> list[Any]:
            order.append("short")
            return super().answer_batch(numbers)

    put(queue, Noting(rows=MAX_ROWS), *[2] * 3)
    put(queue, Short(), 2)

    while queue.decide_batch():
        pass

    assert order == ["long", "short", "long", "long"]


def test_a_failure_reaches_every_request_of_its_batch_only() -> None:
    queue, double = BatchQueue(), Doubling()
    failed = put(queue, double, 2, 13)
    queue.decide_batch()
    decided = put(queue, double, 4)
    queue.decide_batch()

    assert [type(answer) for answer in failed] == [ArithmeticError] * 2
    assert decided == [8]


def test_a_reply_that_fails_costs_no_other_request_its_answer() -> None:
    left = list[int]()
    queue, double = BatchQueue(answered=left.append), Doubling()
    request: Any = Number(2)
    handler: Any = double

    def fail(_answer: object) -> None:
        raise OSError

    queue.put(handler, request, fail)
    answers = put(queue, double, 4)
    queue.decide_batch()

    assert answers == [8]
    assert left == [2]


def test_what_waits_is_counted_by_client_until_it_is_decided() -> None:
    shares = FairShare(lambda: 0.0)
    queue = BatchQueue(shares)
    put(queue, Doubling(rows=MAX_ROWS), 2, 13, 4)
    waiting = [shares.waiting]

    while queue.decide_batch():
        waiting.append(shares.waiting)

    assert waiting == [3, 2, 1]
    assert shares.waiting == 0


def test_each_batch_tells_how_many_waited_and_the_longest_wait() -> None:
    told = list[tuple[int, float]]()
    queue = BatchQueue(waited=lambda requests, seconds: told.append((requests, seconds)))
    put(queue, Doubling(rows=MAX_ROWS // 2), 2, 13, 4)

    while queue.decide_batch():
        pass

    assert [requests for requests, _ in told] == [2, 1]
    # Those of the second batch waited as long, and for the first batch besides.
    assert 0 <= told[0][1] <= told[1][1]


def test_the_time_of_each_request_that_was_decided_is_told_and_of_no_other() -> None:
    told, double = list[tuple[Channel, float]](), Doubling()
    queue = BatchQueue(timed=lambda channel, seconds: told.append((channel, seconds)))
    put(queue, double, 2, 3, 4)  # The answer to 3 is an error.

    queue.decide_batch()

    assert [channel for channel, _ in told] == [Channel.TEXT, Channel.TEXT]
    assert all(seconds >= 0 for _, seconds in told)
