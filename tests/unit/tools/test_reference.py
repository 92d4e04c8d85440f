"""The generated pages in docs/reference are what the code says, and nothing is missing in them."""

import re

import pytest

from fanzha.v1 import interception_pb2
from services.__main__ import COMMANDS
from services.telemetry import metrics_layout
from tests.support.checkout import CHECKOUT
from tools.reference import metrics, pages

ROOT = CHECKOUT
REFERENCE = ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return pages.write_all()


def test_the_pages_are_current(written: dict[str, str]) -> None:
    for name, text in written.items():
        assert (REFERENCE / name).read_text() == text, f"{name}: make reference"


def test_pages_of_removed_services_are_removed(written: dict[str, str]) -> None:
    found = {f"proto/{path.name}" for path in (REFERENCE / "proto").glob("*.md")}

    assert found == {name for name in written if name.startswith("proto/")}


def test_every_command_but_the_hidden_one_is_on_the_page(written: dict[str, str]) -> None:
    headings = re.findall(r"^## fanzha (\S+)$", written["cli.md"], re.MULTILINE)

    assert headings == [name for name in COMMANDS if name != "worker"]


def test_commands_within_commands_are_on_the_page(written: dict[str, str]) -> None:
    assert "### fanzha warnings templates lint\n" in written["cli.md"]


def test_every_field_of_a_request_is_explained(written: dict[str, str]) -> None:
    page = written["proto/InterceptionService.md"]

    rows = dict(re.findall(r"^\| `(\w+)` \| \d+ \| [^|]+ \| (.*) \|$", page, re.MULTILINE))

    assert {field.name for field in interception_pb2.Call.DESCRIPTOR.fields} <= rows.keys()
    assert not [name for name, what in rows.items() if not what.strip()]


def test_every_metric_that_the_code_names_is_on_the_page() -> None:
    named = {
        name.removesuffix("_total")
        for path in (ROOT / "services").rglob("*.py")
        for name in re.findall(r'^\s*(?:\w+\()?"(fanzha_[a-z_]+)",', path.read_text(), re.MULTILINE)
    }
    listed = {one.name for ports in metrics.by_port().values() for one in ports}

    assert {family.name for family in metrics_layout.FAMILIES} <= listed
    assert named - listed == set()
