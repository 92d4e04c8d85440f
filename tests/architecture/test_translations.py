"""The Chinese catalogue has what the code says: same places, nothing uncertain, compiled."""

import ast
import re
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Message
from babel.messages.mofile import read_mo

from tools.translation import catalogues, extraction

CATALOGUE = catalogues.read()
TEXTS = [message for message in CATALOGUE if message.id]
PRINT = {"print", "fail", "_say", "BadParameter", "confirm", "prompt", "status", "add_column"}
"""What prints its first argument."""
_NAMES = re.compile(r"fanzha[\w -]*|--[\w-]+|-----|\(UTC\)|h=|[/:=]")
_WORDS = re.compile("[A-Za-z]{3,}")
_CAMEL = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")
_CLASS = re.compile(r"^class ([A-Z][a-z]+(?:[A-Z][a-z]+)+)\b", re.MULTILINE)
_CHINESE = re.compile("[\u4e00-\u9fff]")


def forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return list(text) if isinstance(text, list | tuple) else [text or ""]


def translation(message: Message) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    return message.context, tuple(forms(message.id)), tuple(forms(message.string))


def places(text: str) -> list[tuple[str | None, str | None, str | None]]:
    """Return the name, the format and the conversion of each place; help may have loose braces."""
    try:
        return sorted(
            (name, form, conversion)
            for _, name, form, conversion in Formatter().parse(text)
            if name is not None
        )  # fmt: skip
    except ValueError:
        return []


def untranslated(path: Path) -> list[str]:
    """Return the literals with words in them that a module of the command line prints."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or extraction.name_of(node.func) not in PRINT:
            continue
        for argument in node.args[:1]:
            if not isinstance(argument, ast.Constant | ast.JoinedStr):
                continue
            literals = [argument] if isinstance(argument, ast.Constant) else argument.values
            text = " ".join(filter(None, map(extraction.constant, literals)))
            if _WORDS.search(_NAMES.sub("", text)):
                found.append(f"{path.relative_to(extraction.ROOT)}:{node.lineno}: {text}")
    return found


def test_the_command_line_prints_no_text_without_a_translation() -> None:
    folder = extraction.ROOT / "services" / "cli"

    assert [one for path in sorted(folder.rglob("*.py")) for one in untranslated(path)] == []


def test_errors_take_their_values_by_name() -> None:
    errors = {name for name in extraction.calls() if name != "__init__"} - {"Message", "counts"}
    formatted = [
        f"{path.relative_to(extraction.ROOT)}:{node.lineno}"
        for path, tree in extraction.trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and extraction.name_of(node.func) in errors
        and node.args
        and isinstance(node.args[0], ast.JoinedStr)
        and _WORDS.search(" ".join(map(extraction.constant, node.args[0].values)))
    ]

    assert formatted == [], "gettext and errors take a key and values, not an f-string"


def test_every_text_is_in_the_catalogue_and_has_a_translation() -> None:
    new = catalogues.updated(CATALOGUE, extraction.texts())

    assert catalogues.untranslated(new) == [], "make translations, then translate"
    assert len(new) == len(CATALOGUE), "make translations"


def test_texts_are_found() -> None:
    assert len(extraction.texts()) > 600


def test_a_translation_has_the_places_of_its_text() -> None:
    assert [
        message.id
        for message in TEXTS
        if any(places(text) != places(forms(message.id)[-1]) for text in forms(message.string))
    ] == []


def test_no_text_names_a_class() -> None:
    classes = {
        name
        for path in (extraction.ROOT / "services").rglob("*.py")
        for name in _CLASS.findall(path.read_text(encoding="utf-8"))
    }
    named = [set(_CAMEL.findall("".join(forms(message.id)))) & classes for message in TEXTS]

    assert [message.id for message, names in zip(TEXTS, named, strict=True) if names] == []


def test_a_translation_is_chinese() -> None:
    assert [
        message.id
        for message in TEXTS
        if not _CHINESE.search("".join(forms(message.string)))
        and re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}", "".join(forms(message.string)))
    ] == []


def test_no_translation_is_uncertain() -> None:
    assert [message.id for message in TEXTS if message.fuzzy] == []


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    with catalogues.COMPILED.open("rb") as file:
        compiled = {translation(message) for message in read_mo(file) if message.id}

    assert compiled == set(map(translation, TEXTS)), "make translations"
