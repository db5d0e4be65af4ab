"""A program of the merchant's on this machine that takes, refuses, drips or hangs, and checks every signature."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook

Answer = Callable[["Receiver", BaseHTTPRequestHandler], None]


class Receiver:
    """What came, and how it is answered: `answers` by turn, the last one for ever."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[Answer] = [status(200)]
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def vouched(self) -> list[str]:
        """What the settings must say for it to be called."""
        return [f"127.0.0.1:{self.port}"]

    def messages(self, secret: str) -> list[dict[str, Any]]:
        """Every body, its signature verified by Standard Webhooks' own library."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.came]

    def ids(self) -> list[str]:
        """The message ids in the order they came."""
        return [headers["webhook-id"] for headers, _body in self.came]

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Keep a request and answer it."""
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        with self.lock:
            self.came.append(({name.lower(): value for name, value in request.headers.items()}, body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer(self, request)


def status(code: int, **headers: str) -> Answer:
    """Answers with a status and headers."""

    def answer(_receiver: Receiver, request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("content-length", "2")
        request.end_headers()
        request.wfile.write(b"ok")

    return answer


def endless(_receiver: Receiver, request: BaseHTTPRequestHandler) -> None:
    """Answers with a body that never ends."""
    request.send_response(200)
    request.send_header("content-length", str(1 << 40))
    request.end_headers()
    try:
        while True:
            request.wfile.write(bytes(65536))
    except OSError:
        request.close_connection = True


def dripping(_receiver: Receiver, request: BaseHTTPRequestHandler) -> None:
    """Answers with a header that comes byte by byte."""
    try:
        for sign in b"HTTP/1.1 200 OK\r\nx-slow: " + b"z" * 300:
            request.wfile.write(bytes([sign]))
            time.sleep(0.05)
    except OSError:
        pass
    request.close_connection = True


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            receiver.take(self)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def contents(body: bytes) -> dict[str, Any]:
    """A message's data."""
    found: dict[str, Any] = json.loads(body)["data"]
    return found
