"""Settings in a notation of their own."""

import pytest
from pydantic import ValidationError

from blocklists.entries import Source
from fanzha.fraud import FraudType
from services.settings.settings import Settings
from services.settings.types import fraud_types_of_sources


def test_each_source_has_its_kind_of_fraud() -> None:
    text = "carrier=fake_loan,bureau=fake_credit"

    assert Settings(default_fraud_types=text).default_fraud_types == text
    assert fraud_types_of_sources(text) == {
        Source.CARRIER: FraudType.FAKE_LOAN,
        Source.BUREAU: FraudType.FAKE_CREDIT,
    }
    assert fraud_types_of_sources("") == {}


@pytest.mark.parametrize("text", ["carrier", "carrier=", "carrier=unspecified", "shop=fake_loan"])
def test_an_unknown_source_or_fraud_type_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="default_fraud_types"):
        Settings(default_fraud_types=text)
