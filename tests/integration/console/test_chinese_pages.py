"""Chinese pages are Chinese: no run of Latin letters in them but names, codes and units."""

import re
from html.parser import HTMLParser

import pytest

from services.auth.identity import Role
from services.console import app
from tests.support.browser import ConsoleService
from tests.support.console_http import http_person

pytestmark = pytest.mark.slow
CODES = {"script", "style", "code", "pre", "kbd", "time", "textarea", "option"}
"""Elements with codes, values or what people wrote."""
VOID = {"meta", "link", "input", "br", "hr", "img", "wbr"}
NAMES = frozenset(
    {
        *("English", "Enter", "Esc", "Tab", "Ctrl", "Shift", "Home", "End", "Fanzha", "fanzha"),
        *("API", "CSV", "PNG", "SVG", "JSON", "TOML", "TLS", "SHA", "UTC", "SMS", "URL", "RPC"),
        *("ROC", "OpenID", "HTTP", "https", "Redis", "ONNX", "gRPC", "CloudEvents", "App"),
        *("ICP", "RPZ", "XLSX", "STIX", "adblock", "hosts", "xlsx", "txt", "zip", "UTF", "GBK"),
        *("KiB", "MiB", "GiB", "wang", "bank", "default", "workers"),
    }
)
"""Names, units, and codes that people type."""
MORE = (
    "/settings/identities", "/settings/sources", "/settings/policy", "/settings/warning-policy",
    "/settings/warning-policy/edit", "/settings/templates", "/models/thresholds", "/lists/import",
    "/cases/list", "/decisions/pending",
)  # fmt: skip

_RUN = re.compile(r"(?<![\w.@/:+=-])[A-Za-z]{3,}(?![\w.@/:+=-])")
_COMMAND = re.compile(r"fanzha [a-z -]+")
_COLUMNS = re.compile("列：[a-z_、；]+")
"""Names of columns of a file, which people type."""


class VisibleText(HTMLParser):
    """Collects what a page says outside of elements with codes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        words = (given.get("class") or "").split()
        hidden = tag in CODES or "mono" in words or "authored" in words or given.get("lang") == "en"
        self.said += [text for name in ("aria-label", "title") if (text := given.get(name))]
        if tag not in VOID:
            self.open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(hidden for _, hidden in self.open):
            self.said.append(data)


def english(html: str) -> set[str]:
    """Return the English runs of a page, each with what is around it."""
    page = VisibleText()
    page.feed(html)
    text = _COLUMNS.sub("", _COMMAND.sub("", " | ".join(page.said)))
    return {
        text[max(0, one.start() - 20) : one.end() + 20]
        for one in _RUN.finditer(text)
        if one[0] not in NAMES
    }


def test_no_page_has_english_words_for_a_chinese_reader(service: ConsoleService) -> None:
    found = {}
    with http_person(service, "wang", *(role.value for role in Role)) as person:
        for path in (*(page.path for page in app.PAGES), *MORE):
            answer = person.get(path, **{"accept-language": "zh-CN"})
            found[path] = (answer.status_code, english(answer.text))

    wrong = {path: one for path, one in found.items() if one != (200, set())}
    assert wrong == {}
