"""Puts a payload, units, settings and maintainer scripts into a ``.deb``, by ``dpkg-deb``."""

import gzip
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

SCRIPTS = ("postinst", "prerm", "postrm")
CONFFILES = ("/etc/fanzha/fanzha.toml",)
COMMANDS = ("fanzha", "fanzha-adapter")
_MAINTAINER = "Fanzha maintainers <maintainers@fanzha.example>"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFacts:
    """What the package says of itself."""

    version: str
    """With the revision of the package, such as ``0.1.0-1``."""
    architecture: str
    python: tuple[int, int]
    """The release of Debian's Python that the environment is for."""
    released_at: int
    """Seconds since 1970: of its last commit, for builds that are the same each time."""


def build(stage: Path, checkout: Path, facts: PackageFacts, target: Path) -> Path:
    """Pack *stage*, which holds the payload already, into the folder *target*; return the file."""
    _lay_files(stage, checkout / "deploy", facts)
    _write_control(stage, checkout / "deploy/debian", facts)
    target.mkdir(parents=True, exist_ok=True)
    file = target / f"fanzha_{facts.version}_{facts.architecture}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Zzstd", "--build", str(stage), str(file)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(facts.released_at)}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
    return file


def _lay_files(stage: Path, deploy: Path, facts: PackageFacts) -> None:
    for name in ("fanzha.service", "fanzha@.service"):
        _copy(deploy / "systemd" / name, stage / "usr/lib/systemd/system" / name)
    _copy(deploy / "debian/fanzha.sysusers", stage / "usr/lib/sysusers.d/fanzha.conf")
    _copy(deploy / "debian/fanzha.tmpfiles", stage / "usr/lib/tmpfiles.d/fanzha.conf")
    _copy(deploy / "debian/fanzha.toml", stage / "etc/fanzha/fanzha.toml")
    docs = stage / "usr/share/doc/fanzha"
    _copy(deploy / "debian/copyright", docs / "copyright")
    entry = (
        f"fanzha ({facts.version}) unstable; urgency=medium\n\n"
        "  * See CHANGELOG.md of the source.\n\n"
        f" -- {_MAINTAINER}  {formatdate(facts.released_at)}\n"
    )
    (docs / "changelog.Debian.gz").write_bytes(gzip.compress(entry.encode(), 9, mtime=0))
    commands = stage / "usr/bin"
    commands.mkdir(parents=True)
    for name in COMMANDS:
        (commands / name).symlink_to(f"/opt/fanzha/bin/{name}")


def _write_control(stage: Path, templates: Path, facts: PackageFacts) -> None:
    control = stage / "DEBIAN"
    control.mkdir()
    control.chmod(0o755)
    for name in SCRIPTS:
        _copy(templates / name, control / name, mode=0o755)
    (control / "conffiles").write_text("".join(f"{path}\n" for path in CONFFILES))
    files = sorted(
        path
        for path in stage.rglob("*")
        if path.is_file() and not path.is_symlink() and control not in path.parents
    )
    size = sum(path.stat().st_size for path in files)
    (control / "control").write_text(_fields(facts, size // 1024))
    sums = (f"{_md5(path)}  {path.relative_to(stage)}\n" for path in files)
    (control / "md5sums").write_text("".join(sums))
    for path in control.iterdir():
        path.chmod(0o755 if path.name in SCRIPTS else 0o644)


def _fields(facts: PackageFacts, kibibytes: int) -> str:
    major, minor = facts.python
    return f"""Package: fanzha
Version: {facts.version}
Architecture: {facts.architecture}
Maintainer: {_MAINTAINER}
Installed-Size: {kibibytes}
Depends: python3 (>= {major}.{minor}), python3 (<< {major}.{minor + 1}), libc6 (>= 2.28), \
systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles
Section: net
Priority: optional
Description: decides which calls, texts and links to block as fraud
 For a carrier: lists of administrators and ONNX models decide about each call,
 text message and link; confirmed fraud goes to those who warn victims.
 .
 A service of its own under /opt/fanzha, with units for systemd.
"""


def _copy(source: Path, target: Path, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def _md5(path: Path) -> str:
    # The format of dpkg, against damage and not against people.
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
