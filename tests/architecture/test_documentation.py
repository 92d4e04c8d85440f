"""Pages outside the site link to files that exist, and the front pages stay on two screens."""

import re

import pytest

from tests.support.checkout import CHECKOUT

FRONT = ("README.md", "README.zh-CN.md")
MOST_LINES = 110
IN_BOTH_LANGUAGES = {
    "README.md": "README.zh-CN.md",
    "docs/index.md": "docs/zh/index.md",
    **{
        f"docs/{page}.md": f"docs/zh/{page}.md"
        for page in (
            "tutorials/quick-start",
            "how-to/list-files",
            "how-to/appeals",
            "how-to/console",
            "how-to/desk",
        )
    },
}
FOLDERS_IN_SECTIONS = {"explanation": ["adr"], "reference": ["models"]}
FENCED = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
CONFLICT = re.compile(r"^(<{7}|>{7})( |$)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    words = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings)
    return {re.sub(r"\s", "-", text.strip()) for text in words}


@pytest.mark.parametrize("name", [*FRONT, "CONTRIBUTING.md"])
def test_links_lead_to_files_and_headings_that_exist(name: str) -> None:
    found = LINK.findall((CHECKOUT / name).read_text())

    broken = [
        f"{path}#{anchor}"
        for path, anchor in found
        if not (CHECKOUT / path).exists()
        or (anchor and anchor not in anchors((CHECKOUT / (path or name)).read_text()))
    ]

    assert broken == []


def test_no_page_keeps_what_a_merge_left_to_decide() -> None:
    pages = [*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")]

    assert [page.name for page in pages if CONFLICT.search(page.read_text())] == []


def test_the_site_leads_to_every_page() -> None:
    nav = (CHECKOUT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    pages = {
        path.relative_to(CHECKOUT / "docs").as_posix() for path in CHECKOUT.glob("docs/**/*.md")
    }

    assert pages - set(re.findall(r"\S+\.md", nav)) == set()


@pytest.mark.parametrize("section", ["tutorials", "how-to", "reference", "explanation"])
def test_the_first_page_of_a_section_leads_to_the_others(section: str) -> None:
    docs = CHECKOUT / "docs"
    index = docs / section / "index.md"
    folders = [section, *FOLDERS_IN_SECTIONS.get(section, ())]
    pages = {page.resolve() for folder in folders for page in docs.glob(f"{folder}/*.md")}

    linked = {(index.parent / path).resolve() for path, _ in LINK.findall(index.read_text())}

    assert {page.name for page in pages - linked - {index.resolve()}} == set()


@pytest.mark.parametrize("name", FRONT)
def test_a_front_page_fits_on_two_screens(name: str) -> None:
    lines = (CHECKOUT / name).read_text().splitlines()

    # Rows of a table are one line each, however long their links are.
    assert len(lines) <= MOST_LINES
    assert [line for line in lines if len(line) > 100 and not line.startswith("|")] == []


def test_the_figures_of_the_chinese_front_page_are_those_of_the_english_one() -> None:
    def rates(name: str) -> list[str]:
        return re.findall(r"\d+(?:,\d{3})+(?= \|)", (CHECKOUT / name).read_text())

    assert rates("README.md")
    assert rates("README.zh-CN.md") == rates("README.md")


def shape(page: str) -> list[str]:
    """Return what must be alike in both languages: headings, rows, items and blocks, in order."""
    text = FENCED.sub("<block>", page)
    return [
        heading or begin
        for heading, begin in re.findall(r"^(?:(#+) |(\||- |\d\. | *<block>))", text, re.MULTILINE)
    ]


def names_in(page: str) -> set[str]:
    return set(re.findall(r"`([A-Za-z_0-9-]{3,})`", FENCED.sub("", page)))


@pytest.mark.parametrize("english", IN_BOTH_LANGUAGES)
def test_a_chinese_page_follows_the_english_one_section_by_section(english: str) -> None:
    first = (CHECKOUT / english).read_text()
    second = (CHECKOUT / IN_BOTH_LANGUAGES[english]).read_text()

    assert shape(second) == shape(first)
    assert names_in(second) == names_in(first)


def test_the_site_asks_no_other_host() -> None:
    settings = (CHECKOUT / "mkdocs.yml").read_text()

    assert "font: false" in settings
    assert "analytics" not in settings
    assert "http" not in settings
