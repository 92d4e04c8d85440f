from typing import Any

import pytest

from fanzha.client._options import Options, targets_of


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": 0},
        {"linger": -0.001},
        {"max_batch": 0},
        {"max_batch": 4097},
        {"connections": 0},
        {"max_in_flight": 0},
        {"max_waiting": 0},
    ],
)
def test_invalid_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)


def test_targets_are_separated_by_commas() -> None:
    assert targets_of("10.0.0.1:7361, [::1]:7361,") == ("10.0.0.1:7361", "[::1]:7361")


def test_a_client_needs_a_target() -> None:
    with pytest.raises(ValueError, match="no target"):
        targets_of(" ,")
