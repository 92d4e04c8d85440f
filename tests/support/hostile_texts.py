"""Families of texts that are slow to parse, and a check that parsing them takes linear time.

Run as a program, it parses each family in a process with a limit of processor time, and prints the
names of those that the kernel killed. The limit is some ten times linear work and less than
quadratic work, so it detects superlinear parsing on any machine, inside regular expressions too.
"""

import os
import resource
import signal
import sys

from fanzha.hosts import canonical_host
from fanzha.links import find_links
from fanzha.text import normalise
from fanzha.url import canonical, expressions

FAMILIES = {
    "labels after a scheme": ("http://", "a.", ""),
    "labels": ("", "a.", ""),
    "labels and an end": ("", "a.", "example/a"),
    "long labels": ("http://", "a" * 63 + ".", ""),
    "one long label": ("http://", "a", ".example"),
    "listed suffixes": ("http://", "com.cn.", ""),
    "ats": ("", "@", ""),
    "a name and ats": ("a.example", "@", ""),
    "hyphens": ("", "-", "a.example"),
    "labels of hyphens": ("", "-.", ""),
    "dots": ("", ".", "a"),
    "www": ("", "www.", ""),
    "schemes": ("", "http://", ""),
    "schemes with a name": ("", "http://a.example/", ""),
    "schemes after commas": ("", "http://a,", ""),
    "nested schemes": ("http://a.example/?u=", "http://", ""),
    "schemes without slashes": ("", "http:", ""),
    "disguised schemes": ("", "hxxp:／／", ""),
    "slashes": ("http://a.example", "/", ""),
    "backslashes": ("http://a.example", "\\", ""),
    "folders up": ("http://a.example", "/..", ""),
    "queries": ("a.example", "?a=", ""),
    "digits and dots": ("http://", "1.", ""),
    "addresses": ("", "1.1.1.1/", ""),
    "digits": ("", "1", "."),
    "hexadecimal": ("http://", "0x1.", ""),
    "ports": ("http://a.example", ":80", ""),
    "colons": ("http://", ":", ""),
    "users": ("http://", "a:b@", "a.example"),
    "addresses of mail": ("", "a@a.example ", ""),
    "full width": ("", "ａ．", ""),
    "other dots": ("", "a﹒", ""),
    "zero width": ("a", "\u200b", ".example"),
    "zero width between letters": ("", "\u200ba", ".example"),
    "fancy letters": ("", "𝐞.", ""),
    "escapes": ("http://a.example/", "%41", ""),
    "escapes of escapes": ("http://", "%25", "41"),
    "percent signs": ("http://a.example/", "%", ""),
    "opening brackets": ("http://a.example/", "(", ""),
    "closing brackets": ("http://a.example/", ")", ""),
    "dots in brackets": ("", "a[.]", ""),
    "Chinese dots": ("", "a。", ""),
    "Chinese dot words": ("", "a点", ""),
    "Chinese names": ("", "例.中国", ""),
    "Chinese names after a scheme": ("http://", "例.", "中国"),
    "what introduces a link": ("", "登录a.", ""),
    "dot words": ("", "a dot ", ""),
    "dots between spaces": ("", "a . ", "com"),
    "spelled out": ("", "a ", ". c o m"),
    "spelled out again": ("", "e v . ", "c o m"),
    "punycode": ("http://", "xn--a.", ""),
    "not quite punycode": ("http://", "é", ".example"),
    "spaces": ("a.example", " ", "a"),
    "masked digits": ("", "x*", "a"),
    "groups of digits": ("", "12 345,", "a"),
    "what becomes eighteen": ("", "ﷺ", ""),
    "marks": ("a", "\u0301", ".example"),
    "lone surrogates": ("http://", "\ud800.", ""),
}
"""Prefix, repeated part and suffix of each family."""
CHARACTERS = 100_000
PROCESSOR_SECONDS = 3


def text_of(family: str, characters: int) -> str:
    """Return one text of a family, of about the given length."""
    begins, repeats, ends = FAMILIES[family]
    return begins + repeats * (characters // len(repeats)) + ends


def read(text: str) -> None:
    """Run all processing of a body or a URL before a model sees it."""
    find_links(text)
    normalise(text)
    canonical_host(text)
    expressions(canonical(text))
    expressions(canonical(f"http://a.example/{text}"))
    expressions(f"http://{text}")  # as if it were canonical


def is_read_in_time(text: str, seconds: int = PROCESSOR_SECONDS) -> bool:
    """Parse *text* in a process with a limit of processor time."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        try:
            read(text)
        finally:
            os._exit(int(sys.exc_info()[0] is not None))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in {0, -signal.SIGKILL, -signal.SIGXCPU}:
        raise AssertionError(f"reading ended with {status}")
    return status == 0


if __name__ == "__main__":
    find_links("a.example/a")  # what is built on first use is built before there are children
    for name in FAMILIES:
        if not is_read_in_time(text_of(name, int(sys.argv[1]) if sys.argv[1:] else CHARACTERS)):
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()
