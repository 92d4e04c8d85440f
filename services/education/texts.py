"""The texts that come along, one a theme, and the check that every text passes."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from fanzha import toml_files
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from infra import text_limits
from services.education.model import WORD, EducationText
from services.entities.financial_fraud import FinancialFraud
from services.warning.messages import linter
from services.warning.messages.sms_length import sms_length

GENERAL = "GENERAL"
LANGUAGES = ("zh", "en")


def theme_of(fraud_type: int, financial_fraud: int) -> str:
    """Return the name of a theme, such as ``FAKE_LOAN``; `InvalidInput` for an unknown kind."""
    if fraud_type and financial_fraud:
        raise InvalidInput("fraud_type, financial_fraud: a campaign has one of the two")
    if fraud_type:
        return _member(FraudType, fraud_type, "fraud_type").name
    if financial_fraud:
        return _member(FinancialFraud, financial_fraud, "financial_fraud").name
    return GENERAL


def chosen(given: EducationText, theme: str, language: str, *, most_parts: int) -> EducationText:
    """Return a text that may be sent: *given*, or where it is empty that of its theme.

    Raises `InvalidInput` with the faults of a text that the linter refuses, or that is too long.
    """
    if not given.text.strip():
        version, texts = shipped(language)
        return EducationText(
            text=texts[theme], template=f"{theme.lower()}.{language}", version=version
        )
    text = given.text.strip()
    if found := linter.faults(text):
        raise InvalidInput("text: {faults}", faults=linter.summary(found))
    parts = sms_length(text).parts
    if parts > most_parts:
        raise InvalidInput(
            "text: takes {parts} SMS; at most {most} are sent", parts=parts, most=most_parts
        )
    return EducationText(
        text=text,
        template=text_limits.required("template", given.template, WORD),
        version=text_limits.required("template_version", given.version, WORD),
    )


def comes_along(text: EducationText, fraud_type: int, financial_fraud: int) -> bool:
    """Return whether a text is that of its theme, in one of the languages."""
    theme = theme_of(fraud_type, financial_fraud)
    for language in LANGUAGES:
        version, texts = shipped(language)
        if (text.text, text.version) == (texts[theme], version):
            return True
    return False


@cache
def shipped(language: str) -> tuple[str, Mapping[str, str]]:
    """Return the version of the texts that come along, and the texts by theme."""
    table = toml_files.read_table(files("services.education") / f"texts-1.{language}.toml")
    return str(table["version"]), {name: str(text) for name, text in table["texts"].items()}


def _member(
    kinds: type[FraudType] | type[FinancialFraud], number: int, field: str
) -> FraudType | FinancialFraud:
    if number not in set(kinds):
        raise InvalidInput("{field}: unknown number {number}", field=field, number=number)
    return kinds(number)
