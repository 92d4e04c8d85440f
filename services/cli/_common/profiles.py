"""Connection profiles: where a service is and who one is there, by name, in one file of the user.

    current = "province"

    [profiles.province]
    server = "fanzha.bureau.example"
    token_file = "province.token"

The file is `fanzha/profiles.toml` in the folder of the user's settings (XDG_CONFIG_HOME).
Profiles name files with credentials, and hold none.
"""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from fanzha import toml_files
from fanzha.errors import InvalidInput, NotFound
from infra import atomic_file

VARIABLE = "FANZHA_PROFILE"
SERVER = "FANZHA_SERVER"
_NAME_MOST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How one service is reached; empty: as without a profile."""

    server: str = ""
    """Host, or host and port, of any server of the service."""
    token_file: str = ""
    tls_ca: str = ""
    tls_certificate: str = ""
    tls_key: str = ""

    @property
    def variables(self) -> dict[str, str]:
        """Return the variables of the environment that it stands for."""
        pairs = {
            SERVER: self.server,
            "FANZHA_TOKEN_FILE": self.token_file,
            "FANZHA_TLS_CA": self.tls_ca,
            "FANZHA_TLS_CLIENT_CERTIFICATE": self.tls_certificate,
            "FANZHA_TLS_CLIENT_KEY": self.tls_key,
        }
        return {name: value for name, value in pairs.items() if value}


_FIELDS = {field.name for field in fields(Profile)}


def file() -> Path:
    """Return the path of the user's profiles, which may not be there."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "fanzha" / "profiles.toml"


class Profiles:
    """The profiles of a user; each change writes the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._current, self._profiles = _read(path)

    @property
    def current(self) -> str:
        """Name of the profile that is used where none is named; empty: none."""
        return self._current

    def names(self) -> list[str]:
        """Return the names of all profiles."""
        return sorted(self._profiles)

    def get(self, name: str) -> Profile:
        """Return a profile; `NotFound` where there is none."""
        if name not in self._profiles:
            raise _unknown(name, self.names())
        return self._profiles[name]

    def add(self, name: str, profile: Profile) -> None:
        """Add or replace a profile."""
        if not name.isidentifier() or len(name) > _NAME_MOST:
            raise InvalidInput("{name!r}: a name has letters, digits and _", name=name)
        self._profiles[name] = profile
        self._write()

    def use(self, name: str) -> None:
        """Use a profile where none is named; an empty name: none."""
        if name:
            self.get(name)
        self._current = name
        self._write()

    def remove(self, name: str) -> None:
        """Remove a profile."""
        self.get(name)
        del self._profiles[name]
        self._current = "" if self._current == name else self._current
        self._write()

    def _write(self) -> None:
        lines = [f"current = {_toml_string(self._current)}"]
        for name, profile in sorted(self._profiles.items()):
            lines += ["", f"[profiles.{_toml_string(name)}]"]
            lines += [
                f"{key} = {_toml_string(value)}" for key, value in asdict(profile).items() if value
            ]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        atomic_file.write(self._path, "\n".join(lines) + "\n")


def _unknown(name: str, known: list[str]) -> NotFound:
    if not known:
        return NotFound(
            "there is no profile {name!r}, and no other: fanzha profile add saves one", name=name
        )
    return NotFound(
        "there is no profile {name!r}; there are: {known}", name=name, known=", ".join(known)
    )


def _toml_string(text: str) -> str:
    # A JSON string is a TOML string, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read(path: Path) -> tuple[str, dict[str, Profile]]:
    if not path.exists():
        return "", {}
    try:
        table = toml_files.read_table(path)
    except (OSError, ValueError) as error:
        raise InvalidInput("{path}: {error}", path=path, error=error) from None
    profiles = table.get("profiles", {})
    current = table.get("current", "")
    if not isinstance(profiles, dict) or not isinstance(current, str):
        raise InvalidInput("{path}: no profiles", path=path)
    return current, {name: _profile(path, name, values) for name, values in profiles.items()}


def _profile(path: Path, name: str, values: object) -> Profile:
    good = isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
    if not good or not isinstance(values, dict) or values.keys() - _FIELDS:
        known = ", ".join(sorted(_FIELDS))
        raise InvalidInput(
            "{path}: profile {name}: texts of {known}", path=path, name=name, known=known
        )
    return Profile(**values)
