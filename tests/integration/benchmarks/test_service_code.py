"""Services of two checkouts beside each other: each runs its own code, as do its children."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, chdir
from pathlib import Path

import pytest

from benchmarks import service
from benchmarks.service import CHECKOUT, KERNEL

SERVES = """
import ctypes, json, os, signal, subprocess, sys
from pathlib import Path
from services import KERNEL, VERSION

if sys.argv[1] == "worker":
    print(VERSION)
    sys.exit()
if KERNEL:
    ctypes.CDLL(KERNEL)
child = subprocess.run(
    [sys.executable, "-m", "services", "worker"], stdout=subprocess.PIPE, text=True, check=True
)
ends = {"interception": VERSION, "admin": child.stdout.strip(), "metrics": ""}
file = Path(os.environ["FANZHA_DATA_DIR"], "endpoints.json")
file.with_suffix(".new").write_text(json.dumps(ends))
file.with_suffix(".new").rename(file)
signal.pause()
"""


@pytest.fixture(autouse=True)
def handler_kept() -> Iterator[None]:
    """Give back the handler of SIGTERM, which a benchmark sets for its process."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def tiny_checkout(folder: Path, version: str, kernel: str = "") -> Path:
    """Write a package ``services`` that says which version it is, and which its child is."""
    package = folder / "services"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"VERSION = {version!r}\nKERNEL = {kernel!r}\n")
    (package / "__main__.py").write_text(SERVES)
    return folder


def test_both_sides_and_their_children_run_the_code_of_their_checkout(tmp_path: Path) -> None:
    sides = [tiny_checkout(tmp_path / version, version) for version in ("old", "new")]

    # Where a module of the same name lies, too.
    with chdir(CHECKOUT), ExitStack() as stack:
        running = [
            stack.enter_context(service.running(workers=1, checkout=checkout)) for checkout in sides
        ]

    assert [(one.target, one.admin) for one in running] == [("old", "old"), ("new", "new")]


def test_a_service_with_the_kernel_of_another_checkout_is_not_measured(tmp_path: Path) -> None:
    mixed = tiny_checkout(tmp_path / "mixed", "old", kernel=str(CHECKOUT / "fanzha" / KERNEL))

    with (
        pytest.raises(RuntimeError, match="runs code of another checkout"),
        service.running(workers=1, checkout=mixed),
    ):
        pass
