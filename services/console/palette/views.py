"""The palette: finds pages, commands, and what a number, name or id leads to. By POST only."""

from collections.abc import Iterator, Mapping

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from services.console.palette import finders
from services.console.palette.finders import PaletteOption
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute
from services.console.web.urls import url

MOST_CHARACTERS = 200
_COMMANDS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    (gettext_noop("Sign out"), "/sign-out", {}),
    (gettext_noop("Sign out everywhere"), "/sign-out-everywhere", {}),
    (gettext_noop("Dark theme"), "/choose", {"theme": "dark"}),
    (gettext_noop("Light theme"), "/choose", {"theme": "light"}),
    (gettext_noop("Theme of the system"), "/choose", {"theme": "auto"}),
    ("English", "/choose", {"language": "en"}),
    ("中文", "/choose", {"language": "zh"}),
)
"""Text, address, and what is sent there."""


async def find(visit: PageRequest) -> Response:
    """Answer with the options that the words lead to."""
    words = visit.field("words")[:MOST_CHARACTERS]
    options = [*_pages(visit, words), *_commands(visit, words)]
    if words:
        options = [*await finders.found(visit, words), *options]
    return await visit.show("palette/options.html", options=options, words=words)


def _pages(visit: PageRequest, words: str) -> Iterator[PaletteOption]:
    for page in visit.parts.pages:
        title = visit.formats.gettext(page.title)
        if page.is_open_to(visit.session) and _fits(words, title, page.title, page.name):
            yield PaletteOption(text=title, what=Message("page"), address=url(page.path))


def _commands(visit: PageRequest, words: str) -> Iterator[PaletteOption]:
    for text, path, fields in _COMMANDS:
        shown = visit.formats.gettext(text)
        if words and _fits(words, shown, text):
            back = {**fields, "back": visit.field("back")}
            yield PaletteOption(text=shown, what=Message("command"), address=url(path), fields=back)


def _fits(words: str, *texts: str) -> bool:
    return any(words.casefold() in text.casefold() for text in texts)


ROUTES = (PageRoute(path="/palette", view=find, method="POST", needs=()),)
