"""Words that labelled tables use."""

import pytest

from classifiers.evaluation.labels import LabelKind, fraud_type_of, kind_of
from fanzha.fraud import FraudType


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("ham", LabelKind.LEGITIMATE),
        ("benign", LabelKind.LEGITIMATE),
        ("nonfraud", LabelKind.LEGITIMATE),
        ("0", LabelKind.LEGITIMATE),
        (" Spam ", LabelKind.SPAM),
        ("fraud", LabelKind.FRAUD),
        ("malicious", LabelKind.FRAUD),
        ("1", LabelKind.FRAUD),
        ("maybe", LabelKind.UNKNOWN),
        ("", LabelKind.UNKNOWN),
    ],
)
def test_a_label_means_one_kind(label: str, kind: LabelKind) -> None:
    assert kind_of(label) is kind


def test_every_kind_of_fraud_is_known_by_its_name_and_an_odd_category_is_none() -> None:
    named = {fraud_type_of(kind.name.lower()) for kind in FraudType}

    assert named == set(FraudType)
    assert fraud_type_of("贷款、代办信用卡") is FraudType.FAKE_LOAN
    assert fraud_type_of("Ads/other") is FraudType.UNSPECIFIED
