"""Loads template files: frames by form and tier, filled with texts of each kind of fraud.

All templates of a file are assembled and linted at load time, so that a faulty one aborts the start
and never a message.
"""

import re
import tomllib
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration
from fanzha.fraud import FraudType
from services.warning.messages import linter
from services.warning.messages.template import (
    FORMS,
    LANGUAGES,
    LONGEST,
    MessageFacts,
    WarningTemplate,
    template_id,
)
from services.warning.model import Tier

MOST_SMS_PARTS = 5
_SEEN = {"none": set(), "when": {"when"}, "claimed": {"claimed"}, "both": {"when", "claimed"}}
_WORDS = ("kind", "sign", "spoken")
_IN_FRAME = frozenset({"seen", "ask", *_WORDS})
_NAME = re.compile(rf"templates-([1-9][0-9]{{0,5}})\.({'|'.join(LANGUAGES)})\.toml")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def read(name: str, text: str, language: str) -> list[WarningTemplate]:
    """Parse and lint a file. Raises `ValueError`."""
    templates = assemble(name, text, language)
    for template in templates:
        for facts in (
            MessageFacts(),
            MessageFacts(when=LONGEST[language]["when"]),
            MessageFacts(claimed="某某银行"),
        ):
            if wrong := linter.faults(template.filled(facts)):
                raise InvalidConfiguration(
                    "{name}: {id}: {wrong}", name=name, id=template.id, wrong=linter.summary(wrong)
                )
        if template.form == "sms" and template.length.parts > MOST_SMS_PARTS:
            raise InvalidConfiguration(
                "{name}: {id}: more than {most_sms_parts} SMS parts",
                name=name,
                id=template.id,
                most_sms_parts=MOST_SMS_PARTS,
            )
    return templates


def assemble(name: str, text: str, language: str) -> list[WarningTemplate]:
    """Parse a file without linting it. Raises `ValueError`."""
    try:
        return list(_templates(toml_files.parse(text), language))
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfiguration("{name}: no TOML: {error}", name=name, error=error) from error
    except ValueError as error:
        raise InvalidConfiguration("{name}: {error}", name=name, error=error) from error


def _templates(read_: dict[str, Any], language: str) -> Iterator[WarningTemplate]:
    _exactly(read_, {"version", "seen", "kinds", *FORMS}, "file")
    version = read_["version"]
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise InvalidConfiguration(
            "version: letters, digits, . _ -, in quotes: {version!r}", version=version
        )
    _exactly(read_["seen"], set(_SEEN), "[seen]")
    for which, needed in _SEEN.items():
        _check_names(read_["seen"][which], frozenset(needed), f"[seen] {which}", all_needed=True)
    _exactly(read_["kinds"], set(FraudType.__members__), "[kinds]")
    for form in FORMS:
        _exactly(read_[form], {tier.name.lower() for tier in Tier}, f"[{form}]")
        for fraud_type in FraudType:
            words = _words(read_["kinds"][fraud_type.name], fraud_type.name)
            for tier in Tier:
                frame = read_[form][tier.name.lower()]
                _check_names(frame, _IN_FRAME, f"[{form}] {tier.name.lower()}")
                yield WarningTemplate(
                    id=template_id(form, fraud_type, tier, language),
                    form=form,
                    fraud_type=fraud_type,
                    tier=tier,
                    language=language,
                    version=version,
                    texts={
                        which: Template(frame).substitute(words, seen=seen)
                        for which, seen in read_["seen"].items()
                    },
                )


def _words(read_: Any, kind: str) -> dict[str, str]:
    _exactly(read_, {*_WORDS, "ask"}, f"[kinds.{kind}]")
    words = {}
    for name in _WORDS:
        text = read_[name]
        _check_names(text, frozenset(), f"[kinds.{kind}] {name}")
        words[name] = text
    questions = read_["ask"]
    if not isinstance(questions, list) or not questions:
        raise InvalidConfiguration("[kinds.{kind}] ask: a list of questions is required", kind=kind)
    for question in questions:
        _check_names(question, frozenset(), f"[kinds.{kind}] ask")
    return words | {"ask": "\n".join(f"- {question}" for question in questions)}


def _exactly(read_: Any, names: set[str], where: str) -> None:
    if not isinstance(read_, dict):
        raise InvalidConfiguration("{where}: a table is required", where=where)
    if missing := names - set(read_):
        raise InvalidConfiguration(
            "{where}: {missing}: missing", where=where, missing=", ".join(sorted(missing))
        )
    if unknown := set(read_) - names:
        raise InvalidConfiguration(
            "{where}: there is no {unknown}", where=where, unknown=", ".join(sorted(unknown))
        )


def _check_names(
    text: Any, allowed: frozenset[str], where: str, *, all_needed: bool = False
) -> None:
    if not isinstance(text, str) or not text.strip():
        raise InvalidConfiguration("{where}: a text is required", where=where)
    template = Template(text)
    if not template.is_valid():
        raise InvalidConfiguration(
            "{where}: a lone $; there are no amounts in a warning", where=where
        )
    named = set(template.get_identifiers())
    if unknown := named - allowed:
        raise InvalidConfiguration(
            "{where}: unknown placeholder ${unknown}",
            where=where,
            unknown=", $".join(sorted(unknown)),
        )
    if all_needed and (missing := allowed - named):
        raise InvalidConfiguration(
            "{where}: lacks ${missing}", where=where, missing=", $".join(sorted(missing))
        )


def newest(place: Path | Traversable) -> dict[str, Path | Traversable]:
    """Return the file of the highest version per language."""
    found: dict[str, tuple[int, Path | Traversable]] = {}
    for file in place.iterdir():
        match = _NAME.fullmatch(file.name)
        if match is None:
            if file.name.startswith("templates"):
                # Templates in a misspelt file would be ignored silently.
                raise InvalidConfiguration(
                    "{name}: its name is not of the form templates-2.zh.toml", name=file.name
                )
            continue
        number, language = int(match[1]), match[2]
        if language not in found or number > found[language][0]:
            found[language] = number, file
    return {language: file for language, (_, file) in sorted(found.items())}


def text_of(file: Path | Traversable) -> str:
    """Read a file. Raises `ValueError`."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfiguration("{name}: {error}", name=file.name, error=error) from error
