"""Connects commands to servers: one channel, one deadline, errors as one sentence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from fanzha.client import channels
from fanzha.translation.catalogue import gettext
from services.cli._common.console import err, one_sentence

Stub = TypeVar("Stub")
Answer = TypeVar("Answer", bound="PagedAnswer")

DEADLINE_SECONDS = 60.0
MOST_ROWS = 1000
"""Most rows that most lists return in one page."""


class PagedAnswer(Protocol):
    """The answer to a paged list."""

    next_page_token: str


@dataclass(frozen=True, slots=True)
class ServerOf(Generic[Stub]):
    """Opens channels to one service. Each group of commands has one, made of a generated stub."""

    stub: Callable[[], type[Stub]]
    """Returns the class of the stub: help of commands does not import it."""
    deadline_seconds: float = DEADLINE_SECONDS
    """Deadline of each unary call that names none."""

    @contextmanager
    def __call__(self, target: str, doing: str = "") -> Iterator[Stub]:
        """Yield a stub for *target*; a failed call prints one sentence and ends the command.

        A terminal shows *doing* with a spinner meanwhile.
        """
        spinner = err.status(doing) if doing and err.is_terminal else nullcontext()
        from services.cli._common import interceptors

        with one_sentence(target), channels.blocking(target) as channel, spinner:
            # The generated `__new__` is overloaded for asyncio, which `type[Stub]` cannot say.
            make: Any = self.stub()
            yield make(interceptors.intercepted(channel, self.deadline_seconds))


def read_pages(
    call: Callable[[Any], Answer], request: Any, rows: str, *, limit: int, page: int = MOST_ROWS
) -> tuple[list[Any], Answer]:
    """Call a paged list until there are *limit* rows; return them and the last answer.

    *rows* is the answer's field of rows, *page* the most of them that the server returns at once. A
    request with a page token continues from there.
    """
    found: list[Any] = []
    while True:
        request.page_size = min(limit - len(found), page)
        answer = call(request)
        found += getattr(answer, rows)
        request.page_token = answer.next_page_token
        # A server that scanned much for few rows returns a short page.
        cut_short = getattr(answer, "cut_short", False)
        if not request.page_token or cut_short or len(found) >= limit:
            return found, answer


def tell_more(answer: PagedAnswer) -> None:
    """Print on standard error how to continue a list that has more rows."""
    if answer.next_page_token:
        err.print(
            gettext(
                "there are more: --after {next_page_token}", next_page_token=answer.next_page_token
            ),
            soft_wrap=True,
        )
