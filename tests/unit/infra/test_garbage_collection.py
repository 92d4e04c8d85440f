"""Imports collect no garbage, and large pieces of memory go back when they are freed."""

import gc
import subprocess
import sys
from contextlib import suppress

import pytest

from infra import garbage_collection

PATIENCE = 60
PROGRAM = """
import sys
from ctypes import CDLL, Structure, c_size_t

from infra import garbage_collection

NAMES = "arena ordinary small mapped_pieces mapped_bytes a b used free top".split()

class Usage(Structure):
    _fields_ = [(name, c_size_t) for name in NAMES]

libc = CDLL(None)
libc.mallinfo2.restype = Usage
if sys.argv[1] == "asked":
    garbage_collection.return_large_pieces()
bytearray(16 * 2**20)  # and free it
piece = bytearray(8 * 2**20)
print(libc.mallinfo2().mapped_bytes >= len(piece))
"""


def test_garbage_is_collected_again_after_an_error() -> None:
    with suppress(ImportError), garbage_collection.paused():
        enabled_meanwhile = gc.isenabled()
        raise ImportError

    assert not enabled_meanwhile
    assert gc.isenabled()


def test_disabled_garbage_collection_stays_disabled() -> None:
    gc.disable()
    try:
        with garbage_collection.paused():
            pass

        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
@pytest.mark.parametrize(("asked", "mapped"), [("asked", "True"), ("not asked", "False")])
def test_a_large_piece_has_pages_of_its_own_after_another_was_freed(
    asked: str, mapped: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, asked], capture_output=True, text=True, check=True,
        timeout=PATIENCE,
    )  # fmt: skip

    assert done.stdout.strip() == mapped
