"""The voice robot that calls warned people: notes each warning that reaches it, by webhook."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

PORT = 8080


class VoiceRobot:
    """An HTTP server that takes warnings and remembers them; nothing of it is in the store."""

    def __init__(self, address: str) -> None:
        self._lock = threading.Lock()
        self._messages: dict[str, set[str]] = {}
        """Message ids by the person they went to."""
        self._posts: Counter[str] = Counter()
        robot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                robot._note(self.headers["webhook-id"], json.loads(body)["data"]["to"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
                """Say nothing."""

        self._server = ThreadingHTTPServer((address, PORT), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def messages_of(self, person: str) -> int:
        """Return how many different warnings a person got; the robot skips an id it has had."""
        with self._lock:
            return len(self._messages.get(person, ()))

    @property
    def repeated(self) -> int:
        """Return how often an id came again, which the robot then skipped."""
        with self._lock:
            return sum(count - 1 for count in self._posts.values())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _note(self, message: str, person: str) -> None:
        with self._lock:
            self._posts[message] += 1
            self._messages.setdefault(person, set()).add(message)
