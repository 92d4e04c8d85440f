"""Modules are imported by what reads them, not by what imports their readers."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from infra.deferred_imports import DeferredModule, deferred, withheld

MODULES = {
    "deferred_readers/__init__.py": "",
    "deferred_readers/reader.py": (
        "import deferred_single\n"
        "from deferred_parts import part as renamed, other\n"
        "def answer(): return renamed.NUMBER, deferred_single.NUMBER\n"
        "def other_answer(): return other.NUMBER\n"
    ),
    "deferred_readers/dotted.py": (
        "import deferred_parts.part as renamed\n"
        "import deferred_parts.other\n"
        "def answer():\n"
        "    return renamed.NUMBER, deferred_parts.other.NUMBER, deferred_parts.__name__\n"
    ),
    "deferred_readers/eager.py": "from deferred_single import NUMBER\n",
    "deferred_readers/constant.py": (
        "from deferred_parts import part\nfrom deferred_readers import reader\n"
        "TWICE = 2 * part.NUMBER\n"
    ),
    "deferred_readers/broken.py": "from deferred_parts import nothing\n",
    "deferred_single.py": "NUMBER = 1\n",
    "deferred_parts/__init__.py": "",
    "deferred_parts/part.py": "from deferred_parts import other\nNUMBER = other.NUMBER + 1\n",
    "deferred_parts/other.py": "NUMBER = 1\n",
}


@pytest.fixture(autouse=True)
def _modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in MODULES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in loaded():
        del sys.modules[name]


def loaded() -> set[str]:
    return {name for name in sys.modules if name.startswith("deferred_")}


def read(name: str) -> ModuleType:
    with deferred({"deferred_parts", "deferred_single"}, importers=["deferred_readers"]):
        return import_module(f"deferred_readers.{name}")


def test_a_module_is_imported_when_it_is_read() -> None:
    reader = read("reader")
    before = loaded()

    assert reader.answer() == (2, 1)
    assert before == {"deferred_readers", "deferred_readers.reader"}
    assert loaded() - before == {
        *("deferred_single", "deferred_parts", "deferred_parts.part", "deferred_parts.other")
    }


def test_a_module_that_is_withheld_is_not_there_until_later() -> None:
    with withheld("deferred_single"), pytest.raises(ImportError):
        import_module("deferred_single")

    assert import_module("deferred_single").NUMBER == 1
    with withheld("deferred_single"):
        assert import_module("deferred_single").NUMBER == 1


def test_what_was_read_has_no_stand_in_any_more() -> None:
    reader = read("reader")

    reader.answer()

    assert reader.renamed is sys.modules["deferred_parts.part"]
    assert reader.deferred_single is sys.modules["deferred_single"]
    assert isinstance(reader.other, DeferredModule)
    assert reader.other_answer() == 1


def test_a_module_of_a_package_is_imported_when_it_is_read() -> None:
    dotted = read("dotted")
    before = loaded()

    assert dotted.answer() == (2, 1, "deferred_parts")
    assert before == {"deferred_readers", "deferred_readers.dotted"}
    assert dotted.renamed is sys.modules["deferred_parts.part"]


def test_a_name_of_a_module_is_imported_at_once() -> None:
    assert read("eager").NUMBER == 1


def test_a_constant_reads_at_once_and_other_readers_do_not() -> None:
    constant = read("constant")

    assert constant.TWICE == 4
    assert constant.reader is sys.modules["deferred_readers.reader"]
    assert "deferred_single" not in loaded()


def test_an_import_that_fails_fails_at_once() -> None:
    with pytest.raises(ImportError, match="nothing"):
        read("broken")


def test_other_modules_import_as_ever() -> None:
    with deferred({"deferred_parts", "deferred_single"}, importers=["deferred_readers"]):
        part = import_module("deferred_parts.part")

    assert not isinstance(part.other, DeferredModule)
    reader = import_module("deferred_readers.reader")
    assert reader.deferred_single is sys.modules["deferred_single"]


def test_an_attribute_that_a_module_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="missing"):
        _ = read("reader").other.missing
