"""Loads the compiled kernels: the loops over the rows of a batch that `kernels/` has in C.

They are built with the package (`hatch_build.py`), and there is no fallback: a program that cannot
load them does not start. A module that uses one declares it by `declare`, with its arguments, and
gives arrays by `address`; the C file says what each argument is.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

LIBRARY = Path(__file__).with_name("libfanzha.so")

POINTER, TEXT, INTEGER = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64
"""Types of arguments: where an array lies, bytes, and a number."""

Kernel: TypeAlias = Any
"""A function of the library; ctypes has no type for its arguments."""


@cache
def _library() -> ctypes.PyDLL:
    try:
        # Keeps the interpreter's lock: a kernel is over in microseconds, and to give the lock away
        # each time lets the threads of gRPC in between.
        return ctypes.PyDLL(str(LIBRARY))
    except OSError as error:
        raise ImportError(
            f"the compiled kernels cannot be loaded ({error}): install fanzha anew; in a checkout,"
            " `make kernels` builds them"
        ) from None


def declare(name: str, *arguments: type, returns: type | None = None) -> Kernel:
    """Return the kernel ``fanzha_<name>``, which takes arguments of these types."""
    kernel = getattr(_library(), f"fanzha_{name}")
    kernel.argtypes, kernel.restype = arguments, returns
    return kernel


def address(array: npt.NDArray[Any]) -> int:
    """Return where *array* lies; the caller keeps it while a kernel uses it.

    ValueError or TypeError where it is not contiguous.
    """
    flags = array.flags
    if flags.writeable and array.nbytes:
        # Three times as quick as the attributes of the array that say the same.
        buffer: Any = array
        return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    if not flags.c_contiguous:
        raise ValueError("a kernel reads contiguous arrays only")
    where: int = array.__array_interface__["data"][0]
    return where


def checked(array: npt.NDArray[Any], dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Return *array*; TypeError where it is not of *dtype*, as a kernel takes it."""
    if array.dtype != dtype:
        raise TypeError(f"a kernel reads {dtype.__name__} here, not {array.dtype}")
    return array
