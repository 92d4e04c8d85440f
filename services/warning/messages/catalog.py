"""Catalog of templates by form, tier, kind of fraud and language; renders them with facts.

The rendered message is linted again, because a sender may claim any name, also a link.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from services.warning.messages import linter, template_files
from services.warning.messages.linter import LintFault
from services.warning.messages.sms_length import SmsLength, sms_length
from services.warning.messages.template import (
    FORMS,
    LANGUAGES,
    LONGEST_CLAIMED,
    MessageFacts,
    WarningTemplate,
    template_id,
)
from services.warning.model import Tier

_MOST_DIGITS = 3
"""Digits allowed in the claimed sender, Chinese numerals included."""


class MessageRefused(InvalidInput):
    """The rendered message violates a rule of the linter."""

    def __init__(self, template: str, faults: Sequence[LintFault]) -> None:
        super().__init__(
            "message {template}: {faults}", template=template, faults=linter.summary(faults)
        )
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMessage:
    """A rendered message."""

    text: str
    template: str
    version: str
    length: SmsLength
    without: tuple[str, ...] = ()
    """Facts that were left out because the linter refused them."""


class MessageCatalog:
    """All templates in force."""

    def __init__(self, by_id: Mapping[str, WarningTemplate]) -> None:
        self._by_id = by_id

    @classmethod
    def load(cls, folder: Path | None = None) -> "MessageCatalog":
        """Load the shipped templates, overridden by those of *folder*.

        Raises ``ValueError`` with the file and the template at fault.
        """
        own = _templates(folder, template_files.read) if folder else {}
        return cls(_shipped() | own)

    def all(self) -> list[WarningTemplate]:
        """Return all templates, sorted by id."""
        return [self._by_id[key] for key in sorted(self._by_id)]

    def get(
        self, fraud_type: FraudType, tier: Tier, language: str = "zh", form: str = "sms"
    ) -> WarningTemplate:
        """Return a template. Raises `InvalidInput` for an unknown language or form."""
        if language not in LANGUAGES or form not in FORMS:
            raise InvalidInput(
                "template: no language or form: {language!r}, {form!r}",
                language=language,
                form=form,
            )
        return self._by_id[template_id(form, fraud_type, tier, language)]

    def render(
        self,
        fraud_type: FraudType,
        tier: Tier,
        language: str = "zh",
        facts: MessageFacts | None = None,
        *,
        form: str = "sms",
    ) -> RenderedMessage:
        """Render a message. Raises `MessageRefused` if the linter refuses the facts."""
        template = self.get(fraud_type, tier, language, form)
        given = facts or MessageFacts()
        text = template.filled(given)
        if wrong := linter.faults(text) or _wrong_with(given, text):
            raise MessageRefused(template.id, wrong)
        return RenderedMessage(
            text=text, template=template.id, version=template.version, length=sms_length(text)
        )

    def render_safely(
        self,
        fraud_type: FraudType,
        tier: Tier,
        language: str = "zh",
        facts: MessageFacts | None = None,
        *,
        form: str = "sms",
    ) -> RenderedMessage:
        """Render a message, without its facts if the linter refuses them."""
        try:
            return self.render(fraud_type, tier, language, facts, form=form)
        except MessageRefused:
            # Without facts it was linted before.
            plain = self.render(fraud_type, tier, language, form=form)
            given = facts or MessageFacts()
            without = tuple(name for name in ("when", "claimed") if getattr(given, name))
            return replace(plain, without=without)


@cache
def _shipped() -> dict[str, WarningTemplate]:
    """Read the templates of the package, once. A test lints them: at each start it takes 0.3 s."""
    return _templates(files("services.warning") / "data", template_files.assemble)


def _templates(
    folder: Path | Traversable, read: Callable[[str, str, str], list[WarningTemplate]]
) -> dict[str, WarningTemplate]:
    """Return the templates of the newest files of *folder*, by id."""
    found: dict[str, WarningTemplate] = {}
    for language, file in template_files.newest(folder).items():
        text = template_files.text_of(file)
        found |= {one.id: one for one in read(file.name, text, language)}
    return found


def _wrong_with(facts: MessageFacts, text: str) -> list[LintFault]:
    """Find faults of the facts that linting the message does not show."""
    claimed = facts.claimed
    kind = linter.LintRule.LENGTH
    if len(claimed) <= LONGEST_CLAIMED and len(facts.when) <= LONGEST_CLAIMED:
        # The linter does not see a phone number in 13时80时01时38, but a reader does.
        kind = linter.LintRule.NUMBER
        if linter.digits_in(claimed) <= _MOST_DIGITS:
            return []
    return [linter.LintFault(kind=kind, start=0, end=len(text), found=claimed[:LONGEST_CLAIMED])]
