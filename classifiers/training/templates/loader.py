"""Reads the templates of messages from the TOML files of a folder, and refuses wrong ones.

`README.md` beside them says how templates are written. Every error names the file and the entry:
subject, kind of fraud and number of the template, from 1.
"""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from classifiers.training.templates.slots import slots
from fanzha.fraud import FraudType
from fanzha.toml_files import read_table

CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
SLOT = re.compile(r"\{([a-z_]+)\}")
LABELS = ("fraud", "ham")
LANGUAGES = ("zh", "en", "id", "th", "other")

_ORDER = "order.toml"
_SLOTS = "slots.toml"
_FILE = re.compile(rf"({'|'.join(LANGUAGES)})(\.[a-z]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """One template, with the labels of its file."""

    text: str
    label: str
    """One of `LABELS`."""
    language: str
    """One of `LANGUAGES`."""
    fraud_type: FraudType
    """`UNSPECIFIED` for all that is legitimate, too."""
    entry: str
    """Where it is written, such as ``fraud.zh.styles.toml: short.FAKE_LOAN 2``."""


@cache
def message_templates() -> tuple[MessageTemplate, ...]:
    """Return the templates of this package."""
    return load(files(__package__), slots().names)


def load(folder: Traversable, slot_names: Set[str]) -> tuple[MessageTemplate, ...]:
    """Read all templates of *folder* in their order; `ValueError` if anything is wrong."""
    found: dict[str, MessageTemplate] = {}
    for label, language, file in _files(folder):
        for template in _templates(read_table(file), file.name, label, language):
            if template.text in found:
                raise ValueError(f"{template.entry}: the same as {found[template.text].entry}")
            _check(template, slot_names)
            found[template.text] = template
    return tuple(found.values())


def _files(folder: Traversable) -> Iterator[tuple[str, str, Traversable]]:
    order = read_table(folder / _ORDER)
    if sorted(order) != sorted(LABELS):
        raise ValueError(f"{_ORDER}: has the lists {' and '.join(LABELS)}, and no others")
    present = {one.name for one in folder.iterdir() if one.name.endswith(".toml")}
    listed = [f"{label}.{name}.toml" for label in LABELS for name in order[label]]
    if repeated := {name for name in listed if listed.count(name) > 1}:
        raise ValueError(f"{_ORDER}: more than once: {', '.join(sorted(repeated))}")
    # Templates of an unlisted file would never be used.
    if unlisted := present - {_ORDER, _SLOTS, *listed}:
        raise ValueError(f"{_ORDER}: does not list {', '.join(sorted(unlisted))}")
    if missing := set(listed) - present:
        raise ValueError(f"{_ORDER}: lists {', '.join(sorted(missing))}, which is not there")
    for label in LABELS:
        for name in order[label]:
            match = _FILE.fullmatch(name)
            if match is None:
                raise ValueError(f"{_ORDER}: {name}: no name such as zh.money")
            yield label, match[1], folder / f"{label}.{name}.toml"


def _templates(
    table: Mapping[str, object], name: str, label: str, language: str
) -> Iterator[MessageTemplate]:
    for subject, body in table.items():
        where = f"{name}: {subject}"
        for kind, listed in _kinds(body, where) if label == "fraud" else [("", body)]:
            entry = f"{where}.{kind}" if kind else where
            if not isinstance(listed, list) or not listed:
                raise ValueError(f"{entry}: not a list of templates")
            for number, text in enumerate(listed, 1):
                if not isinstance(text, str):
                    raise ValueError(f"{entry} {number}: no text")  # noqa: TRY004 - of a file
                yield MessageTemplate(
                    # White space around a text in triple quotes is layout.
                    text=text.strip(),
                    label=label,
                    language=language,
                    fraud_type=FraudType[kind] if kind else FraudType.UNSPECIFIED,
                    entry=f"{entry} {number}",
                )


def _kinds(body: object, where: str) -> Iterator[tuple[str, object]]:
    if not isinstance(body, dict):
        raise ValueError(f"{where}: not a table of kinds of fraud")  # noqa: TRY004 - of a file
    for kind, listed in body.items():
        if kind not in FraudType.__members__:
            raise ValueError(
                f"{where}.{kind}: no kind of fraud; {', '.join(FraudType.__members__)}"
            )
        yield kind, listed


def _check(template: MessageTemplate, slot_names: Set[str]) -> None:
    entry, text = template.entry, template.text
    if not text or "\n" in text:
        raise ValueError(f"{entry}: empty, or a line that does not end in \\: {text!r}")
    for choice in CHOICE.findall(text):
        *options, last = choice.split("|")
        # An empty option at the end is "or nothing"; elsewhere it is a slip.
        if not all(options) or not (last or options):
            raise ValueError(f"{entry}: an empty choice: [{choice}]")
        if len({*options, last}) <= len(options):
            raise ValueError(f"{entry}: an option stands there twice: [{choice}]")
    if unknown := [slot for slot in SLOT.findall(text) if slot not in slot_names]:
        raise ValueError(f"{entry}: no such slot: {{{unknown[0]}}}")
    _check_brackets(entry, text)


def _check_brackets(entry: str, text: str) -> None:
    # What is left in brackets without | is text, such as a sender's name.
    rest = re.sub(r"\[[^\[\]|]*\]", "", SLOT.sub("", CHOICE.sub("", text)))
    if wrong := re.search(r"[\[\]{}|]", rest):
        raise ValueError(f"{entry}: a lone or nested {wrong[0]}: {text!r}")
    for part in re.split(r"[\[\]|]", text):
        if part.count("{") != part.count("}"):
            raise ValueError(f"{entry}: braces across a choice: {text!r}")
    if brace := re.search(r"[{}]", SLOT.sub("", text)):
        raise ValueError(f"{entry}: a lone or nested {brace[0]}: {text!r}")
