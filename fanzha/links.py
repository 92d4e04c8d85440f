"""Links in text messages, also those written to evade: see `fanzha.link_deobfuscation`.

A link is found by its scheme, by ``www.``, or as a bare domain. Bare domains are where texts
deceive: "Thanks.In case", "see you.Be there", "report.py" and "3.5万" all look like some. So a bare
domain needs a listed public suffix, and where that suffix is also a word (``.in``, ``.now``) or
short (``.tc``), a path too. Names of one character need a path as well: ``t.cn/a``.

All links of a text are found, however many: whoever is let to put harmless ones first could hide
the one that a list has. What bounds them is the length of a text, `fanzha.tables.MAX_TEXT_BYTES`
of which are read: at most some 1,200 links, found in 20 to 30 ms.

A text without a hint of a link, or with one plain link (`fanzha.text_hints`), costs about 1 µs,
another about 30 µs. Time is linear in the length; nothing here raises.
"""

import re
from collections.abc import Iterator, Sequence

from fanzha import text_hints
from fanzha.hosts import canonical_host, is_address, registrable, registry_suffix
from fanzha.link_deobfuscation import (
    LABEL,
    LETTERS,
    deobfuscate,
    may_contain_link,
)
from fanzha.text_hints import TextHints
from fanzha.url import canonical, canonicals, split

_UNAMBIGUOUS = re.compile(
    r"""
    com|net|org|edu|gov|biz|info|mobi|asia|io
  | cn|hk|tw|cc|ru|jp|kr|uk|tk|pw
  | xyz|vip|icu|wang|cyou|sbs|top|shop|online|site|store|website|space|club|app|link|loan|win
  | example|test|xn--.*
    """,
    re.VERBOSE,
)
"""Last labels that mean a link without further evidence. Longer suffixes such as ``com.cn``
always do."""
_LABELS_DROPPED = 3
_LONGEST_NAME = 24
_SHORTEST_NAME = 2

_PATH = r"(?:[!#-&(-+\--:=?-\[\]-_a-z~\\]++|[,;](?!https?://|www\.))*+"
_LINK = re.compile(
    rf"""
    (?P<scheme>(?:https?|ftp)://) (?P<rest>{_PATH})
  | (?<![{LETTERS}@.-]) -*+
    (?:
        (?P<address>[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}) (?=:[0-9]|/)
      | (?P<host>(?:{LABEL}\.){{1,30}}[{LETTERS}-]{{2,63}}+) (?![{LETTERS}.-]{{0,64}}@)
    )
    (?P<tail>(?::[0-9]{{1,5}}+)?(?:/{_PATH}|\?[\w.-]++={_PATH})?)
  | (?P<dot>(?<=[\u3400-\u9fff])\.(?=[A-Za-z\u3400-\u9fff]))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FOLDER = re.compile(r"(?::[0-9]+)?/[A-Za-z0-9%?_~-]")
_AUTHORITY_END = re.compile(r"[/\\?#]")
_TRAILING = ".,;:!?*~|\\"
_CLOSING = ")]"

# Internationalised names. Chinese has no spaces: words before the name are cut off.
_CHINESE_SUFFIX = re.compile(
    r"[A-Za-z]{2,18}(?![A-Za-z0-9-])|[\u3400-\u9fff]{2,4}(?![\u3400-\u9fff])"
)
_INTRODUCTION = re.compile(
    r".*(?:登录|登陆|点击|访问|打开|网址|官网|详见|进入|浏览|域名|链接|网站|搜索)[是为到至]?",
    re.DOTALL,
)
_NAME_BEFORE = re.compile(r"[\w-]*(?:(?<=www)\.[\w-]+)?\Z")
_NAME_AFTER_SCHEME = re.compile(r"(?:[\w-]{1,63}\.){1,5}(?:[A-Za-z]{2,18}|[^\W\d_]{2,18})")
_SHORT_NAME = 4


def find_links(text: str) -> list[str]:
    """Return the canonical URLs of the links in *text*, in order, each once."""
    return links_of([text], text_hints.of_texts([text])).get(0, [])


def links_of(texts: Sequence[str], hints: TextHints) -> dict[int, list[str]]:
    """Return what `find_links` finds in each of *texts* of which there are *hints*, by row."""
    found, plain = dict[int, list[str]](), dict[int, str]()
    for row, link in hints.links:
        text = texts[row]
        if link is not None and _is_registered(
            text[link.start : link.host_end].partition("://")[2]
        ):
            plain[row] = text[link.start : link.end]
        elif link is not None or may_contain_link(text):
            found[row] = find_obfuscated_links(text)
    for row, url in zip(plain, canonicals(list(plain.values())), strict=True):
        found[row] = [url] if url else []
    return found


def _is_registered(host: str) -> bool:
    return registry_suffix(host) not in {"", host}


def find_obfuscated_links(text: str) -> list[str]:
    """Return the links of a text that may have any, however they are written."""
    written = dict.fromkeys(_links(deobfuscate(text)))
    return list(dict.fromkeys(url for link in written if link and (url := canonical(link))))


def _links(text: str) -> Iterator[str]:
    for match in _LINK.finditer(text):
        if match["scheme"]:
            yield _after_scheme(match)
        elif match["address"]:
            yield match["address"] + _without_trailing(match["tail"])
        elif match["host"]:
            yield _bare(match["host"], match["tail"])
        else:
            yield _in_chinese(text, match.start())


def _after_scheme(match: re.Match[str]) -> str:
    """Return the link that follows a scheme; empty if no host does."""
    rest = _without_trailing(match["rest"])
    end = _AUTHORITY_END.search(rest)
    authority, tail = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    user, at, host_and_port = authority.rpartition("@")
    host, colon, port = host_and_port.partition(":")
    link = match["scheme"] + user + at
    if registered := _host_with_suffix(host):
        return link + registered + (colon + port + tail if registered == host else "")
    name = _NAME_AFTER_SCHEME.match(match.string, match.start("rest"))
    if name and (registered := _international_host(name[0])):
        return match["scheme"] + registered + _tail_at(match.string, name.start() + len(registered))
    url = canonical(link + host_and_port)
    host = split(url)[0]
    return link + host_and_port + tail if is_address(host) or "." in host else ""


def _bare(written: str, tail: str) -> str:
    """Return the link of a bare host with an optional path; empty if it is none."""
    host = _host_with_suffix(written)
    if not host:
        return ""
    if host != written:
        tail = ""
    tail = _without_trailing(tail)
    if host[:4].lower() == "www." or _FOLDER.match(tail):
        return host + tail
    return host + tail if _is_link(host) else ""


def _host_with_suffix(written: str) -> str:
    """Cut what follows the domain: ``evil.example.Reply`` ends at ``example``."""
    host = written.strip(".")
    for _ in range(_LABELS_DROPPED):
        suffix = registry_suffix(host.lower())
        if suffix and suffix != host.lower():
            return host
        host = host.rpartition(".")[0]
    return ""


def _is_link(host: str) -> bool:
    """Return whether a bare host is one, rather than two sentences without a space."""
    name = canonical_host(host)
    suffix = registry_suffix(name)
    last = host.rpartition(".")[2]
    if "." not in suffix and not _UNAMBIGUOUS.fullmatch(suffix):
        return False
    if last.istitle() and not host[0].isupper():
        return False
    return len(registrable(name)) - len(suffix) - 1 >= _SHORTEST_NAME


def _in_chinese(text: str, dot: int) -> str:
    """Return the link around a dot after Chinese letters; empty if it only ends a sentence."""
    suffix = _CHINESE_SUFFIX.match(text, dot + 1)
    before = _NAME_BEFORE.search(text, max(0, dot - _LONGEST_NAME), dot)
    if not suffix or not before or not registry_suffix("a." + suffix[0].lower()):
        return ""
    name = _INTRODUCTION.sub("", before[0])
    tail = _tail_at(text, suffix.end())
    introduced = name != before[0] or name.lower().startswith("www.")
    short = suffix[0].lower() in {"com", "cn", "net"} and len(name) <= _SHORT_NAME
    if not name or not (introduced or short or _FOLDER.match(tail)):
        return ""
    return f"{name}.{suffix[0]}{tail}"


def _international_host(written: str) -> str:
    """Cut Chinese text that follows the domain: 例子.中国查询 ends at 中国."""
    labels, _, last = written.rpartition(".")
    for end in range(len(last), 1, -1):
        if registry_suffix("a." + last[:end].lower()):
            return f"{labels}.{last[:end]}"
    return ""


_TAIL = re.compile(rf"(?::[0-9]{{1,5}}+)?(?:/{_PATH})?", re.IGNORECASE)


def _tail_at(text: str, start: int) -> str:
    match = _TAIL.match(text, start)
    return _without_trailing(match[0]) if match else ""


def _without_trailing(tail: str) -> str:
    """Drop punctuation that belongs to the text around."""
    opened = "(" in tail or "[" in tail
    return tail.rstrip(_TRAILING if opened else _TRAILING + _CLOSING)
