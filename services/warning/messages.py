"""What a warning says: versioned templates by form, tier, kind of fraud and language.

A template is a frame (form and tier) filled with the words of a kind of fraud; all are put together
and linted when they are read, so that a wrong one ends the start and not a warning. Facts of a case
are checked again in the finished message: a caller may call itself anything, a link too.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Any

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from services.warning import linter
from services.warning.linter import Fault
from services.warning.records import Tier
from services.warning.sms_length import SmsLength, sms_length

LANGUAGES = ("zh", "en")
FORMS = ("sms", "voice", "in_person")
MOST_SMS_PARTS = 5
LONGEST_CLAIMED = 20
_MOST_TOLD = 3
_MOST_DIGITS = 3
"""In what a caller calls itself, Chinese numerals too."""
_SEEN = {"none": set(), "when": {"when"}, "claimed": {"claimed"}, "both": {"when", "claimed"}}
_WORDS = ("kind", "sign", "spoken")
_IN_FRAME = frozenset({"seen", "ask", *_WORDS})
_NAME = re.compile(rf"templates-([1-9][0-9]{{0,5}})\.({'|'.join(LANGUAGES)})\.toml")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_LONGEST = {
    "zh": {"when": "12月31日23时", "claimed": "某" * LONGEST_CLAIMED},
    "en": {"when": "30 September", "claimed": "X" * LONGEST_CLAIMED},
}
"""Facts as long as they may be, to measure by. A name in Chinese makes an English SMS longer."""


class MessageRefused(InvalidInput):
    """The finished message has what no warning may have."""

    def __init__(self, template: str, faults: Sequence[Fault]) -> None:
        super().__init__(f"message {template}: {told(faults)}")
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a message may tell of a case; empty: is left out."""

    when: str = ""
    """Such as 11月25日14时, or "25 November"."""
    claimed: str = ""
    """What the caller or sender calls itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One finished warning."""

    text: str
    template: str
    version: str
    length: SmsLength
    without: tuple[str, ...] = ()
    """Facts that were left out, because with them it would have been refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningTemplate:
    """One template: all but the facts is filled in."""

    id: str
    """Such as ``sms.fake_loan.high.zh``."""
    form: str
    fraud_type: FraudType
    tier: Tier
    language: str
    version: str
    texts: Mapping[str, str]
    """By which facts are known: none, when, claimed, both."""

    def filled(self, facts: Facts) -> str:
        """Return the text with the facts in it; nobody has looked at it yet."""
        known = "both" if facts.when and facts.claimed else "when" if facts.when else "claimed"
        text = self.texts[known if facts.when or facts.claimed else "none"]
        return Template(text).substitute(when=facts.when, claimed=facts.claimed).strip()

    @property
    def length(self) -> SmsLength:
        """Its size with facts as long as they may be."""
        return sms_length(self.filled(Facts(**_LONGEST[self.language])))


class Templates:
    """All templates in force, by id."""

    def __init__(self, by_id: Mapping[str, WarningTemplate]) -> None:
        self._by_id = by_id

    @classmethod
    def load(cls, folder: Path | None = None) -> "Templates":
        """Read the templates of the package, and those of *folder* in their place.

        ``ValueError`` names the file and the template at fault.
        """
        found: dict[str, WarningTemplate] = {}
        for place in (files("services.warning") / "data", folder):
            for language, file in _newest(place).items() if place else ():
                found |= {one.id: one for one in read(file.name, _text(file), language)}
        return cls(found)

    def all(self) -> list[WarningTemplate]:
        """Return all, in the order of their ids."""
        return [self._by_id[key] for key in sorted(self._by_id)]

    def get(
        self, fraud_type: FraudType, tier: Tier, language: str = "zh", form: str = "sms"
    ) -> WarningTemplate:
        """Return one; `InvalidInput` for a language or a form that there is not."""
        if language not in LANGUAGES or form not in FORMS:
            raise InvalidInput(f"template: no language or form: {language!r}, {form!r}")
        return self._by_id[template_id(form, fraud_type, tier, language)]

    def render(
        self,
        fraud_type: FraudType,
        tier: Tier,
        language: str = "zh",
        facts: Facts | None = None,
        *,
        form: str = "sms",
    ) -> Message:
        """Return the finished message; `MessageRefused` when the facts bring in a fault."""
        template = self.get(fraud_type, tier, language, form)
        given = facts or Facts()
        text = template.filled(given)
        if wrong := linter.faults(text) or _wrong_with(given, text):
            raise MessageRefused(template.id, wrong)
        return Message(
            text=text, template=template.id, version=template.version, length=sms_length(text)
        )

    def render_safely(
        self,
        fraud_type: FraudType,
        tier: Tier,
        language: str = "zh",
        facts: Facts | None = None,
        *,
        form: str = "sms",
    ) -> Message:
        """Return the finished message, without facts that would have it refused."""
        try:
            return self.render(fraud_type, tier, language, facts, form=form)
        except MessageRefused:
            # Without facts it was linted when it was read.
            plain = self.render(fraud_type, tier, language, form=form)
            given = facts or Facts()
            without = tuple(name for name in ("when", "claimed") if getattr(given, name))
            return replace(plain, without=without)


def told(faults: Sequence[Fault]) -> str:
    """Write faults in one line, the first few."""
    more = len(faults) - _MOST_TOLD
    return "; ".join(map(str, faults[:_MOST_TOLD])) + (f"; and {more} more" if more > 0 else "")


def template_id(form: str, fraud_type: FraudType, tier: Tier, language: str) -> str:
    """Return the id of a template."""
    return f"{form}.{fraud_type.name.lower()}.{tier.name.lower()}.{language}"


def read(name: str, text: str, language: str) -> list[WarningTemplate]:
    """Read one file, all of it; `ValueError` names what is wrong."""
    templates = put_together(name, text, language)
    for template in templates:
        for facts in (Facts(), Facts(when=_LONGEST[language]["when"]), Facts(claimed="某某银行")):
            if wrong := linter.faults(template.filled(facts)):
                raise ValueError(f"{name}: {template.id}: {told(wrong)}")
        if template.form == "sms" and template.length.parts > MOST_SMS_PARTS:
            raise ValueError(f"{name}: {template.id}: more than {MOST_SMS_PARTS} SMS parts")
    return templates


def put_together(name: str, text: str, language: str) -> list[WarningTemplate]:
    """Read one file without linting it; `ValueError` where it is incomplete."""
    try:
        return list(_templates(tomllib.loads(text), language))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name}: no TOML: {error}") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _templates(read_: dict[str, Any], language: str) -> Iterator[WarningTemplate]:
    _exactly(read_, {"version", "seen", "kinds", *FORMS}, "file")
    version = read_["version"]
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise ValueError(f"version: letters, digits, . _ -, in quotes: {version!r}")
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
        raise ValueError(f"[kinds.{kind}] ask: a list of questions is required")
    for question in questions:
        _check_names(question, frozenset(), f"[kinds.{kind}] ask")
    return words | {"ask": "\n".join(f"- {question}" for question in questions)}


def _exactly(read_: Any, names: set[str], where: str) -> None:
    if not isinstance(read_, dict):
        raise ValueError(f"{where}: a table is required")  # noqa: TRY004 - a wrong file
    if missing := names - set(read_):
        raise ValueError(f"{where}: {', '.join(sorted(missing))}: missing")
    if unknown := set(read_) - names:
        raise ValueError(f"{where}: there is no {', '.join(sorted(unknown))}")


def _check_names(
    text: Any, allowed: frozenset[str], where: str, *, all_needed: bool = False
) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{where}: a text is required")
    template = Template(text)
    if not template.is_valid():
        raise ValueError(f"{where}: a lone $; there are no amounts in a warning")
    named = set(template.get_identifiers())
    if unknown := named - allowed:
        raise ValueError(f"{where}: there is no ${', $'.join(sorted(unknown))}")
    if all_needed and (missing := allowed - named):
        raise ValueError(f"{where}: does not tell ${', $'.join(sorted(missing))}")


def _newest(place: Path | Traversable) -> dict[str, Path | Traversable]:
    found: dict[str, tuple[int, Path | Traversable]] = {}
    for file in place.iterdir():
        match = _NAME.fullmatch(file.name)
        if match is None:
            if file.name.startswith("templates"):
                # A misspelt name would be templates that never count.
                raise ValueError(f"{file.name}: no name such as templates-2.zh.toml")
            continue
        number, language = int(match[1]), match[2]
        if language not in found or number > found[language][0]:
            found[language] = number, file
    return {language: file for language, (_, file) in sorted(found.items())}


def _text(file: Path | Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file.name}: {error}") from error


def _wrong_with(facts: Facts, text: str) -> list[Fault]:
    """Find what is wrong with facts that the finished message does not show."""
    claimed = facts.claimed
    kind = linter.FaultKind.LENGTH
    if len(claimed) <= LONGEST_CLAIMED and len(facts.when) <= LONGEST_CLAIMED:
        # 13时80时01时38 is no number to the linter, but one to who reads it.
        kind = linter.FaultKind.NUMBER
        if linter.digits_in(claimed) <= _MOST_DIGITS:
            return []
    return [linter.Fault(kind=kind, start=0, end=len(text), found=claimed[:LONGEST_CLAIMED])]
