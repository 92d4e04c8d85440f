"""Words that labelled tables use."""

import pytest

from classifiers.evaluation.labels import Kind, fraud_type_of, kind_of
from fanzha.fraud import FraudType


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("ham", Kind.LEGITIMATE),
        ("benign", Kind.LEGITIMATE),
        ("nonfraud", Kind.LEGITIMATE),
        ("0", Kind.LEGITIMATE),
        (" Spam ", Kind.SPAM),
        ("fraud", Kind.FRAUD),
        ("malicious", Kind.FRAUD),
        ("1", Kind.FRAUD),
        ("maybe", Kind.UNKNOWN),
        ("", Kind.UNKNOWN),
    ],
)
def test_a_label_means_one_kind(label: str, kind: Kind) -> None:
    assert kind_of(label) is kind


def test_every_kind_of_fraud_is_known_by_its_name_and_an_odd_category_is_none() -> None:
    named = {fraud_type_of(kind.name.lower()) for kind in FraudType}

    assert named == set(FraudType)
    assert fraud_type_of("贷款、代办信用卡") is FraudType.FAKE_LOAN
    assert fraud_type_of("Ads/other") is FraudType.UNSPECIFIED
