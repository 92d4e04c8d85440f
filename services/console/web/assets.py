"""Scripts, styles and pictures: read once, compressed once, named by their contents.

A name with the hash of the contents never changes what it means, so browsers keep it for a year.
"""

import gzip
import mimetypes
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from services.console.web.urls import url

FOLDER = Path(__file__).resolve().parents[1] / "static"
_LEFT_OUT = frozenset({".toml", ".txt", ".md"})
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file."""

    name: str
    """Path below the folder, such as ``vendor/htmx.js``."""
    served_as: str
    """The same with a hash: ``vendor/htmx.3q2-7wAA.js``."""
    media_type: str
    content: bytes
    compressed: bytes


class Assets:
    """All files of a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._by_name = {one.name: one for one in _read(folder)}
        self._by_served = {one.served_as: one for one in self._by_name.values()}

    @property
    def all(self) -> Mapping[str, Asset]:
        """All files by name."""
        return self._by_name

    def url(self, name: str) -> str:
        """Return the address of a file; `KeyError` where there is none."""
        return url(f"/static/{self._by_name[name].served_as}")

    async def serve(self, request: Request) -> Response:
        """Answer a request for a file."""
        asset = self._by_served.get(request.path_params["name"])
        if asset is None:
            return Response(status_code=404)
        headers = {"cache-control": _FOREVER, "vary": "accept-encoding"}
        content = asset.content
        if "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["content-encoding"] = asset.compressed, "gzip"
        return Response(content, media_type=asset.media_type, headers=headers)


def _read(folder: Path) -> list[Asset]:
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix in _LEFT_OUT:
            continue
        content = path.read_bytes()
        mark = urlsafe_b64encode(sha256(content).digest()[:9]).decode()
        name = path.relative_to(folder).as_posix()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        found.append(
            Asset(
                name=name,
                served_as=f"{name.removesuffix(path.suffix)}.{mark}{path.suffix}",
                media_type="text/javascript" if path.suffix == ".js" else kind,
                content=content,
                compressed=gzip.compress(content, 9, mtime=0),
            )
        )
    return found
