"""The palette: finds pages, and later what a number, name or id leads to. Asked by POST only."""

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response

from fanzha.translation.message import Message
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute
from services.console.web.urls import url

MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PaletteOption:
    """One line of the palette."""

    text: str
    what: str
    """What kind of thing it is."""
    address: str


async def find(visit: PageRequest) -> Response:
    """Answer with the options that the words lead to."""
    words = visit.field("words")[:MOST_CHARACTERS]
    return await visit.show("palette/options.html", options=list(_pages(visit, words)), words=words)


def _pages(visit: PageRequest, words: str) -> Iterator[PaletteOption]:
    wanted = words.casefold()
    for page in visit.parts.pages:
        title = visit.formats.gettext(page.title)
        if page.is_open_to(visit.session) and (wanted in title.casefold() or wanted in page.name):
            yield PaletteOption(text=title, what=Message("page"), address=url(page.path))


ROUTES = (PageRoute(path="/palette", view=find, method="POST", needs=()),)
