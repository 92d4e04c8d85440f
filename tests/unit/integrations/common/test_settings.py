from pathlib import Path

import pytest

from integrations.common.settings import AdapterSettings, FailPolicy, load


def test_without_a_file_traffic_is_let_through_when_no_service_answers() -> None:
    assert load(AdapterSettings, None).fail_policy is FailPolicy.LET_THROUGH


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "adapter.toml"
    config.write_text('timeout_ms = 20\nfail_policy = "refuse"\n')
    monkeypatch.setenv("FANZHA_ADAPTER_TIMEOUT_MS", "30")

    found = load(AdapterSettings, config)

    assert (found.timeout_ms, found.fail_policy) == (30, FailPolicy.REFUSE)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("timeout_ms = 0", "timeout_ms: Input should be greater than 0"),
        ("timeout = 5", "timeout: Extra inputs are not permitted"),
        ("timeout_ms =", "no TOML"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    config = tmp_path / "adapter.toml"
    config.write_text(text)

    with pytest.raises(SystemExit, match=sentence):
        load(AdapterSettings, config)
