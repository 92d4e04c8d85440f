"""What becomes of the paragraphs of a page's template."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.training import page_template


def filled(folder: Path, text: str, **values: object) -> str:
    template = folder / "some_page.md"
    template.write_text(text, encoding="utf-8")
    return page_template.fill(template, values)


def test_placeholders_are_filled_and_double_braces_are_braces(tmp_path: Path) -> None:
    assert filled(tmp_path, "# At {at:.1%}\n\n`{{a=1}}`\n", at=0.125) == "# At 12.5%\n\n`{a=1}`\n"


def test_an_empty_paragraph_goes_and_an_empty_section_with_its_heading(tmp_path: Path) -> None:
    text = "# Page\n\n{first}\n\n## A\n\n{table}\n\n## B\n\nWords.\n\n{table}\n\n## C\n\n{other}\n"

    assert filled(tmp_path, text, first="", table="", other="x") == (
        "# Page\n\n## B\n\nWords.\n\n## C\n\nx\n"
    )


def test_a_heading_that_never_had_more_stays(tmp_path: Path) -> None:
    assert filled(tmp_path, "## A\n\n## B\n\nWords.\n") == "## A\n\n## B\n\nWords.\n"


@pytest.mark.parametrize("text", ["{unknown}", "a {unknown} b", "{", "{}", "}"])
def test_a_wrong_placeholder_is_refused_with_the_name_of_the_file(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(ValueError, match=r"some_page\.md: "):
        filled(tmp_path, text, known="x")


@given(st.lists(st.text("ab#\n ", max_size=6), max_size=6).map("\n\n".join))
def test_a_text_without_placeholders_is_left_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    assert filled(tmp_path_factory.mktemp("page"), text) == text
