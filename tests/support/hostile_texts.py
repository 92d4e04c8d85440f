"""Texts that are written to be slow to read, and the steps that reading them takes.

Started as a program, it prints for each family its name and the steps at each length, from
`SHORTEST` on, twice as long each time, up to a megabyte or until counting gets expensive. Texts are
periodic, and no pattern has a bound of more than 2,000 characters: what is linear over the first
lengths stays so.
"""

import json
import sys
from itertools import pairwise

from tests.support.step_counter import StepCounter, TooManySteps, import_counted

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
    "escaped schemes": ("", "http%3A%2F%2Fa.example ", ""),
    "escapes of an escaped scheme": ("http", "%25", "3A//a.example"),
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
    "numbers to call": ("", "17000000001 ", ""),
    "digits between brackets": ("", "1() ", "a"),
    "what becomes eighteen": ("", "ﷺ", ""),
    "marks": ("a", "\u0301", ".example"),
    "quoted names": ("", '"\\"" <tel:1>, ', ""),
    "open quotes": ("", 'a "', "<tel:1>"),
    "parameters": ("tel:1", ";phone-context=%2B", "@"),
    "lone surrogates": ("http://", "\ud800.", ""),
}
"""Prefix, repeated part and suffix of each family."""
SHORTEST = 1_024
LONGEST = 1_048_576
MAX_CHARACTERS = 1_024
"""Of an address; longer ones are not read, and here cut to pieces of this length."""
_FEWEST_LENGTHS = 3
_MAX_EFFORT = 20_000
"""Operations of the counter per family; a million take a second or two."""
_MAX_STEPS_PER_CHARACTER = 5_000
"""Four times what the slowest family takes."""
_MAX_GROWTH = 2 * 1.3
_FEW_STEPS = 1_000
_READERS = (
    *(
        "callback_numbers",
        "character_table",
        "hosts",
        "link_deobfuscation",
        "text_hints",
        "links",
    ),
    *("party_address", "percent_encoding", "text", "url"),
)
"""The modules of `fanzha` that read a body or a URL."""


def text_of(family: str, characters: int) -> str:
    """Return one text of a family, of about the given length."""
    begins, repeats, ends = FAMILIES[family]
    return begins + repeats * (characters // len(repeats)) + ends


def read(text: str) -> None:
    """Run all processing of a body or a URL before a model sees it."""
    # Imported here, for the program rewrites them before.
    from fanzha.callback_numbers import callback_keys  # noqa: PLC0415
    from fanzha.hosts import canonical_host  # noqa: PLC0415
    from fanzha.links import find_links  # noqa: PLC0415
    from fanzha.party_address import is_uri, name, numbers  # noqa: PLC0415
    from fanzha.phone import HomePlan  # noqa: PLC0415
    from fanzha.text import normalise  # noqa: PLC0415
    from fanzha.url import canonical, expressions  # noqa: PLC0415

    find_links(text)
    callback_keys(text, HomePlan())
    normalise(text)
    is_uri(text)
    for start in range(0, len(text), MAX_CHARACTERS):
        list(numbers(text[start : start + MAX_CHARACTERS]))
    name(text)
    canonical_host(text)
    expressions(canonical(text))
    expressions(canonical(f"http://a.example/{text}"))
    expressions(f"http://{text}")  # as if it were canonical


def steps_by_length(counter: StepCounter, family: str) -> list[int]:
    """Return the steps that texts of a family take, each twice as long as the one before.

    The list ends with -1 where a text takes too many to count.
    """
    found: list[int] = []
    length = SHORTEST
    while length <= LONGEST:
        try:
            most = length * _MAX_STEPS_PER_CHARACTER
            found.append(counter.count(read, text_of(family, length), most))
        except TooManySteps:
            return [*found, -1]
        if len(found) >= _FEWEST_LENGTHS and counter.effort > _MAX_EFFORT:
            break
        length *= 2
    return found


def is_linear(steps: list[int]) -> bool:
    """Return whether steps for lengths that double each time grow no more than the lengths do."""
    if len(steps) < _FEWEST_LENGTHS or steps[-1] < 0:
        return False
    # What each doubling adds doubles where work is linear, and is four times as much where it is
    # quadratic. A length beyond which less is read makes it smaller.
    added = [longer - shorter for shorter, longer in pairwise(steps)]
    return all(
        longer <= _MAX_GROWTH * max(shorter, _FEW_STEPS) for shorter, longer in pairwise(added)
    )


def main() -> None:
    """Print the steps of each family as a line of JSON."""
    counter = StepCounter()
    import_counted(counter, [f"fanzha.{name}" for name in _READERS])
    read("a.example/a")  # what is built on first use is not counted
    for family in FAMILIES:
        sys.stdout.write(json.dumps([family, steps_by_length(counter, family)]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
