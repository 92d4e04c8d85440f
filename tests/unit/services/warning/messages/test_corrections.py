"""Corrections: their texts are linted, and a carrier may bring its own."""

from typing import Any

import pytest

from services.warning.messages.corrections import CorrectionTexts
from services.warning.model import Tier


def test_correction_texts_are_linted_and_customisable(tmp_path: Any) -> None:
    for language in ("zh", "en"):
        assert set(CorrectionTexts.load(language, tmp_path).by_tier) == set(Tier)
    own = tmp_path / "corrections-1.zh.toml"
    own.write_text("low = '更正一'\nmedium = '更正二'\nhigh = '更正三'\n")
    assert CorrectionTexts.load("zh", tmp_path).text(Tier.HIGH) == "更正三"
    own.write_text("low = '见 http://a.example'\nmedium = '更正'\nhigh = '更正'\n")
    with pytest.raises(ValueError, match=r"corrections-1\.zh\.toml: low"):
        CorrectionTexts.load("zh", tmp_path)
