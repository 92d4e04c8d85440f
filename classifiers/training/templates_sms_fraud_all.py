"""All templates of fraud, by language code and kind of fraud, for `templates_sms`."""

from collections.abc import Iterator

from classifiers.training import (
    templates_sms_fraud,
    templates_sms_fraud_banks,
    templates_sms_fraud_foreign,
    templates_sms_fraud_long,
    templates_sms_fraud_money,
    templates_sms_fraud_money_english,
    templates_sms_fraud_people,
    templates_sms_fraud_people_english,
    templates_sms_fraud_service,
    templates_sms_fraud_service_english,
    templates_sms_fraud_short,
    templates_sms_fraud_short_english,
    templates_sms_fraud_steps,
    templates_sms_fraud_traditional,
    templates_sms_person,
)
from fanzha.fraud import FraudType

_BY_LANGUAGE: dict[str, tuple[dict[FraudType, tuple[str, ...]], ...]] = {
    "zh": (
        templates_sms_fraud.CHINESE,
        templates_sms_fraud_money.CHINESE,
        templates_sms_fraud_people.CHINESE,
        templates_sms_fraud_service.CHINESE,
        templates_sms_fraud_banks.CHINESE,
        templates_sms_fraud_short.CHINESE,
        templates_sms_fraud_long.CHINESE,
        templates_sms_fraud_steps.CHINESE,
        templates_sms_fraud_traditional.CHINESE,
        templates_sms_person.CHINESE,
    ),
    "en": (
        templates_sms_fraud.ENGLISH,
        templates_sms_fraud_money_english.ENGLISH,
        templates_sms_fraud_people_english.ENGLISH,
        templates_sms_fraud_service_english.ENGLISH,
        templates_sms_fraud_short_english.ENGLISH,
        templates_sms_person.ENGLISH,
    ),
    "id": (templates_sms_fraud_foreign.INDONESIAN,),
    "th": (templates_sms_fraud_foreign.THAI,),
}


def listed() -> Iterator[tuple[str, FraudType, str]]:
    """Yield the language code, the kind and the text of each template."""
    for code, groups in _BY_LANGUAGE.items():
        for group in groups:
            for kind, templates in group.items():
                for template in templates:
                    yield code, kind, template
