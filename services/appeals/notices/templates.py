"""Reads the templates of notices, and refuses those without the statements the law requires.

A template is a text ``<kind>-<version>.<language>.txt`` with ``$placeholders``; the highest
version counts. The package ships one of each; a site's own folder may hold later ones, and its
own ``words.toml``. All are read and checked at start, so that a wrong template stops the start and
never reaches a letter.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration

KINDS = ("restriction", "receipt", "upheld", "rejected", "overdue")
LANGUAGES = ("zh", "en")
WORDS = ("office", "channel", "remedy", "documents")
ANYWHERE = frozenset(
    {"reference", "office", "subject", "reason", "legal_basis", "remedy", "documents", "deadline",
     "channel", "issued_at", "version"}
)  # fmt: skip
"""What every notice must state: Art. 32 of 反电信网络诈骗法 (reason, remedy, documents, where to
appeal), Art. 12 of 联合惩戒办法 (basis, term)."""
ALSO = {
    "restriction": frozenset({"measure", "since", "until"}),
    "receipt": frozenset({"appellant", "received_at", "measure"}),
    "upheld": frozenset({"appellant", "received_at", "decided_at"}),
    "rejected": frozenset({"appellant", "received_at", "decided_at"}),
    "overdue": frozenset({"appellant", "received_at", "measure"}),
}
"""What a kind of notice must state besides."""

_NAME = re.compile(rf"({'|'.join(KINDS)})-([1-9][0-9]{{0,5}})\.({'|'.join(LANGUAGES)})\.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTemplate:
    """One template."""

    version: str
    """Such as ``rejected-1``."""
    text: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTemplates:
    """The templates in force, and the words for the office."""

    by_kind: Mapping[tuple[str, str], NoticeTemplate]
    words: Mapping[str, Mapping[str, str]]


def load(folder: Path | None) -> NoticeTemplates:
    """Read the templates of the package, and those of *folder* over them; `ValueError` if wrong."""
    found: dict[tuple[str, str], tuple[int, NoticeTemplate]] = {}
    package = files("services.appeals") / "notices"
    for place in (package, folder):
        for file in sorted(place.iterdir(), key=lambda one: one.name) if place else ():
            match = _NAME.fullmatch(file.name)
            if match is None:
                _check_name(file)
                continue
            kind, number, language = match.groups()
            known = found.get((kind, language))
            if known is None or int(number) >= known[0]:
                written = NoticeTemplate(version=f"{kind}-{number}", text=_template(file, kind))
                found[kind, language] = int(number), written
    words = _words(package / "words.toml")
    if folder is not None and (folder / "words.toml").is_file():
        own = _words(folder / "words.toml")
        words = {language: words[language] | own[language] for language in LANGUAGES}
    return NoticeTemplates(
        by_kind={key: written for key, (_, written) in found.items()}, words=words
    )


def _check_name(file: Traversable) -> None:
    # Under a misspelt name a template would never be used.
    if file.name.endswith(".txt"):
        raise InvalidConfiguration(
            "{name}: its name is not of the form rejected-2.zh.txt", name=file.name
        )


def _template(file: Traversable, kind: str) -> Template:
    template = Template(file.read_text(encoding="utf-8"))
    if not template.is_valid():
        raise InvalidConfiguration("{name}: a lone $; write $$ for the sign itself", name=file.name)
    named = set(template.get_identifiers())
    if missing := (ANYWHERE | ALSO[kind]) - named:
        raise InvalidConfiguration(
            "{name}: lacks ${missing}", name=file.name, missing=", $".join(sorted(missing))
        )
    if unknown := named - ANYWHERE - ALSO[kind]:
        raise InvalidConfiguration(
            "{name}: unknown placeholder ${unknown}",
            name=file.name,
            unknown=", $".join(sorted(unknown)),
        )
    return template


def _words(file: Traversable) -> dict[str, dict[str, str]]:
    read = toml_files.read_table(file)
    words: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        table = read.get(language, {})
        if not isinstance(table, dict):
            raise InvalidConfiguration(
                "{name}: {language}: write [{language}]", name=file.name, language=language
            )
        words[language] = {name: str(text) for name, text in table.items()}
        for name, text in words[language].items():
            if name not in WORDS or not text.strip():
                raise InvalidConfiguration(
                    "{name}: [{language}] {key}: one of {words}",
                    name=file.name,
                    language=language,
                    key=name,
                    words=", ".join(WORDS),
                )
    return words
