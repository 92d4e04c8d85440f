"""What a bundle's bytes depend on, for its card; and whether two bundles are the same bytes.

    python -m classifiers.training.reproducibility BUNDLE AGAIN

Trainings are seeded and run on one thread, so the same code, data and packages on the same kind of
processor should give the same bytes. Nothing promises it: a library may choose other instructions
on another processor, whose sums round differently. So a card names what it was made with, and says
that the bytes were compared only where they were.
"""

import json
import os
import platform
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from classifiers.card import CARD
from fanzha import toml_files

PACKAGES = ("numpy", "torch", "scikit-learn", "onnx", "onnxruntime")
THREADS = "OMP_NUM_THREADS"
STATEMENT = (
    "Seeded, on one thread. The same code, data and packages on the same kind of processor are to "
    "give the same bytes; elsewhere sums round differently, and golden rows may move by a "
    "thousandth. Whether a second run gave the same bytes is not part of this card; compare with "
    "python -m classifiers.training.reproducibility."
)
_SIGNATURE = "signature.json"
_MAY_DIFFER = frozenset({"date", "version"})
_TIMED = ("cost", "speed", "microseconds")
"""What keys of a card's metrics begin with that were measured by a clock."""
_ROOT = Path(__file__).parents[1]
_CODE = ("*.py", "*.toml", "*.md")


def about() -> dict[str, object]:
    """Return table ``reproducibility`` of a card that is written now."""
    return {
        "statement": STATEMENT,
        "code_sha256": code_digest(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "threads": os.environ.get(THREADS, "not set"),
        "packages": packages(),
    }


def packages() -> dict[str, str]:
    """Return the versions of the packages that compute."""
    return {name: found for name in PACKAGES if (found := _version(name))}


def code_digest(root: Path = _ROOT) -> str:
    """Return the SHA-256 of all that trains: code, templates and lexicons below *root*."""
    digest = sha256()
    for path in sorted(_files(root), key=lambda one: one.relative_to(root).as_posix()):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def differing(bundle: Path, other: Path) -> list[str]:
    """Return the files that are not the same bytes in both.

    Of cards the date, the version and what was timed (`_TIMED`) may differ, and so may signatures,
    which cover the version.
    A file that only one has is among them.
    """
    names = {path.name for folder in (bundle, other) for path in folder.iterdir()} - {_SIGNATURE}
    return sorted(name for name in names if _content(bundle / name) != _content(other / name))


def _content(path: Path) -> bytes | None:
    if not path.is_file():
        return None
    content = path.read_bytes()
    if path.name != CARD:
        return content
    table = toml_files.parse(content.decode())
    metrics = {
        key: value for key, value in table.get("metrics", {}).items() if not key.startswith(_TIMED)
    }
    kept = {key: value for key, value in table.items() if key not in _MAY_DIFFER}
    return json.dumps(kept | {"metrics": metrics}).encode()


def _files(root: Path) -> Iterator[Path]:
    models = root / "models"
    for pattern in _CODE:
        yield from (path for path in root.rglob(pattern) if models not in path.parents)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Compare two bundles; status 1 where any file differs."""
    bundle, other = map(Path, sys.argv[1:])
    found = differing(bundle, other)
    sys.stdout.write(f"{', '.join(found)} differ\n" if found else "the same bytes\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
