"""Reads filter lists of ad blockers: those rules which block a whole site or path.

``||x.example^``, ``||x.example/pay$all``, ``|https://x.example/``, plain names, and
``@@||x.example^`` as an exception. What a browser can do and a network cannot (hide
elements, depend on the requesting site, match in the middle of a name) is reported, not guessed.
"""

import re
from collections.abc import Iterable, Iterator

from blocklists.entries import EntryKind
from blocklists.importers.rows import BLANK, COMMENT, HEADER, BadLine, Ignored, Item, ListRow
from fanzha.decisions import Action
from fanzha.translation.message import Message

_HEADER = re.compile(r"\[[^\]]*\]")
_COSMETIC = re.compile(r"#[@?$%]*#|\$\$|\$@\$")
_OPTIONS = re.compile(r"\$([~a-z0-9_-]+(?:=[^,]*)?(?:,[~a-z0-9_-]+(?:=[^,]*)?)*)$", re.IGNORECASE)
_WHOLE_SITE = frozenset(("all", "document", "doc", "popup", "important"))
"""Options with which a rule still stops every visit."""
_SITE = re.compile(
    r"(?:\|\||\|?https?://)?(?P<host>\[[0-9a-f:.]+\]|[^\s/^|*?:\[\]]+)(?::[0-9]+)?(?P<path>/[^\s^|*]*)?[\^*]?\|?",
    re.IGNORECASE,
)
_ANCHORED = ("||", "|http:", "|https:", "http:", "https:")


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read rules; ``!`` and ``#`` start comments."""
    for line, untrimmed in enumerate(lines, 1):
        text = untrimmed.strip()
        if not text:
            yield Ignored(line, BLANK)
        elif _HEADER.fullmatch(text):
            yield Ignored(line, HEADER)
        elif text[0] == "!" or text == "#" or text.startswith("# "):
            yield Ignored(line, COMMENT)
        else:
            yield _rule(line, text)


def _rule(line: int, text: str) -> Item:
    if _COSMETIC.search(text):
        return BadLine(line, text, Message("a rule on what pages show, not on where they lead"))
    rule = text.removeprefix("@@")
    if match := _OPTIONS.search(rule):
        narrower = {option.lower() for option in match[1].split(",")} - _WHOLE_SITE
        if narrower:
            return BadLine(
                line, text, Message("a rule with options that do not block the whole site")
            )
        rule = rule[: match.start()]
    site = _SITE.fullmatch(rule)
    if site is None or site["host"].startswith(".") or site["host"].endswith("."):
        return BadLine(line, text, Message("a rule that matches within a name or path"))
    if site["path"] and not rule.startswith(_ANCHORED):
        return BadLine(line, text, Message("a path without || in front matches anywhere"))
    action = Action.ALLOW if text.startswith("@@") else None
    if site["path"] in (None, "/"):
        return ListRow(line, site["host"], EntryKind.HOST, action)
    return ListRow(line, site["host"] + site["path"], EntryKind.URL_PREFIX, action)
