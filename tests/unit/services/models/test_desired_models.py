"""How wishes about models are written, read and kept."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.data_paths import MODELS
from services.decision.model_kinds import ModelKind
from services.models import desired_models
from services.models.desired_models import DesiredModel

WISHES = st.builds(
    DesiredModel,
    active=st.text(),
    previous=st.text(),
    shadow=st.text(),
    share=st.floats(0, 1),
    by=st.text(st.characters(exclude_categories=["Cs"])),
    at_ms=st.integers(0, 2**52),
)


@given(WISHES)
def test_a_desired_model_round_trips(wish: DesiredModel) -> None:
    assert desired_models.read(wish.written()) == wish


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"other": 1}', '{"share": 2}', '{"share": "1"}', '{"active": 1}'],
)
def test_other_json_is_no_desired_model(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  json says it in words of its own
        desired_models.read(text)


def test_a_host_keeps_a_copy_of_the_desired_models(tmp_path: Path) -> None:
    desired = {
        ModelKind.TEXT: DesiredModel(active="2", previous="1", by="li"),
        ModelKind.CALL: DesiredModel(),
    }

    desired_models.save_copy(tmp_path, desired)

    assert desired_models.load_copy(tmp_path) == desired
    assert [path.name for path in tmp_path.iterdir()] == [MODELS]


@pytest.mark.parametrize("text", ["", "[]", '{"text": 1}', '{"text": "{}", "link": "x"}', "\x00"])
def test_an_unreadable_copy_is_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / MODELS).write_text(text)

    assert desired_models.load_copy(tmp_path) == {}


def test_without_a_copy_no_model_is_desired(tmp_path: Path) -> None:
    assert desired_models.load_copy(tmp_path) == {}


def test_a_too_deeply_nested_desired_model_is_unreadable() -> None:
    with pytest.raises(ValueError, match="nested"):
        desired_models.read("[" * 100_000)
