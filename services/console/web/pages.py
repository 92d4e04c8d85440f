"""What a page is: its name, its routes, and the methods of the service that it calls.

A page is shown to whoever may call all methods that it needs. The methods stand beside the routes,
so that navigation, the page of refusals and the table of pages and roles need no list of their own.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

if TYPE_CHECKING:
    from services.console.session.model import ConsoleSession
    from services.console.web.page_request import PageRequest

View: TypeAlias = "Callable[[PageRequest], Awaitable[Response]]"


class DigitsConvertor(Convertor[str]):
    """Digits in a path, as ``{decision_id:digits}``; `PageRequest.path_number` reads them.

    Starlette's own for numbers fails at thousands of digits, outside of what answers faults.
    """

    regex = "[0-9]+"

    def convert(self, value: str) -> str:
        """Return the digits as they are."""
        return value

    def to_string(self, value: str) -> str:
        """Return the digits as they are."""
        return value


register_url_convertor("digits", DigitsConvertor())


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRoute:
    """A path of a page, below the page's own."""

    path: str
    """Such as ``/{entry_id}/history``; empty: the page itself. Paths hold no personal data."""
    view: View
    method: str = "GET"
    needs: tuple[str, ...] | None = None
    """Methods of the service without which it is refused; None: those of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHelp:
    """A key of a page, for the help that ``?`` shows; `data-key` in a template makes it work."""

    key: str
    does: str
    """A text of the catalogues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePage:
    """A page, in the navigation."""

    name: str
    """Its path without the slash, also the folder of its templates: ``decisions``."""
    title: str
    """A text of the catalogues."""
    key: str
    """``g`` and this letter open it."""
    needs: tuple[str, ...]
    """Methods such as ``BlocklistService/ListEntries``; empty: whoever is signed in."""
    routes: Sequence[PageRoute]
    keys: Sequence[KeyHelp] = field(default=())

    @property
    def path(self) -> str:
        """The path of the page."""
        return f"/{self.name}"

    def is_open_to(self, session: "ConsoleSession") -> bool:
        """Return whether whoever is signed in may see it."""
        return session.may(*self.needs)

    def methods_of(self, route: PageRoute) -> tuple[str, ...]:
        """Return the methods that *route* needs."""
        return self.needs if route.needs is None else route.needs
