"""Jinja environments, one for each language, so that macros speak it wherever they come from.

Everything is escaped; a text of ours (`Message`) is translated as it is written.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fanzha.translation.catalogue import LOCALES, gettext_noop
from fanzha.translation.message import localized
from infra.clock import now_ms
from services.console.session import csrf
from services.console.web import service_words
from services.console.web.assets import Assets
from services.console.web.formats import ReaderFormats
from services.console.web.request_scope import scope
from services.console.web.urls import changed, url

COMMON_KEYS = (
    ("/", gettext_noop("Find")),
    ("Ctrl-K", gettext_noop("Find")),
    ("?", gettext_noop("Show keys")),
    ("j", gettext_noop("Next row")),
    ("k", gettext_noop("Previous row")),
    ("Enter", gettext_noop("Open the row")),
    ("n", gettext_noop("Next page")),
    ("Esc", gettext_noop("Close")),
)
"""Keys of all pages, see `console.js`."""
FOLDER = Path(__file__).resolve().parents[1] / "templates"


class TemplateEngine:
    """Renders templates of `services/console/templates`."""

    def __init__(self, assets: Assets, constants: Mapping[str, Any]) -> None:
        """*constants* are known to all templates."""
        self._formats = {language: ReaderFormats(language) for language in LOCALES}
        self._environments = {
            language: _environment(formats, assets, constants)
            for language, formats in self._formats.items()
        }

    def render(self, template: str, language: str, values: Mapping[str, Any]) -> str:
        """Return a template filled in for readers of *language*."""
        return self._environments[language].get_template(template).render(values)

    def formats(self, language: str) -> ReaderFormats:
        """Return how values are written for readers of *language*."""
        return self._formats[language]


def _environment(
    formats: ReaderFormats, assets: Assets, constants: Mapping[str, Any]
) -> Environment:
    language = formats.language
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: "" if value is None else _translated(value, language),
    )
    environment.filters.update(formats.filters())
    environment.filters["role_word"] = lambda role: formats.pgettext("role", role)
    for name, words in service_words.ALL.items():
        environment.filters[name] = partial(_worded, formats, words)
    environment.globals.update(constants)
    environment.globals.update(
        formats=formats,
        language=language,
        gettext=formats.gettext,
        ngettext=formats.ngettext,
        pgettext=formats.pgettext,
        asset=assets.url,
        url=url,
        changed=changed,
        csrf_field=_csrf_field,
        csrf_token=lambda: scope().csrf,
        prefix=lambda: scope().prefix,
        now_ms=now_ms,
        common_keys=COMMON_KEYS,
    )
    return environment


def _worded(formats: ReaderFormats, words: Mapping[str, str], code: str) -> str:
    return formats.gettext(words[code]) if code in words else code


def _translated(value: Any, language: str) -> Any:
    # `Markup` is a text, too, and must stay what it is.
    return localized(value, language) if isinstance(value, str) else value


def _csrf_field() -> Markup:
    """Return the hidden field that each form has."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, scope().csrf)
