"""A web server with the faults of networks, for the tests of downloads."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import socket
import struct
import time

import numpy as np

CONTENT = np.random.Generator(np.random.Philox(1)).bytes(600_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; `faults` holds what goes wrong, a fault per request, then nothing."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/data.bin": CONTENT}
        self.faults: list[str] = []
        self.requests: list[tuple[str, str | None]] = []
        self.ranges = True
        self.tag = '"one"'

    def url(self, path="/data.bin"):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        fault = server.faults.pop(0) if server.faults else ""
        self.close_connection = True
        if fault.isdigit():
            return self.send_error(int(fault))
        if fault == "slow headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            return self.drip(b"x" * 100)
        if fault == "redirect" or fault.startswith("to "):
            self.send_response(302)
            place = server.url("/data.bin") if fault == "redirect" else fault.removeprefix("to ")
            self.send_header("Location", place)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if self.path not in server.files:
            return self.send_error(404)
        content, start = server.files[self.path], 0
        asked = self.headers.get("Range")
        fresh = self.headers.get("If-Range") in (None, server.tag)
        if asked and server.ranges and fresh:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                return self.send_error(416)
            self.send_response(206)
            total = len(content)
            place = {"elsewhere": f"bytes 0-{total - 1}/{total}", "nowhere": "bytes */*"}
            place = place.get(fault, f"bytes {start}-{total - 1}/{total}")
            self.send_header("Content-Range", place)
        else:
            self.send_response(200)
        if server.tag:
            self.send_header("ETag", server.tag)
        rest = content[start:]
        if fault == "no length":
            self.end_headers()
            return self.wfile.write(rest)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if fault == "wrong":
            rest = bytes(len(rest))
        if fault in ("cut", "reset", "stall"):
            self.wfile.write(rest[: len(rest) // 2])
            self.wfile.flush()
        if fault == "reset":
            time.sleep(0.05)
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        elif fault == "drip":
            self.drip(rest)
        elif fault == "stall":
            time.sleep(4.0)
        elif fault != "cut":
            self.wfile.write(rest)

    def drip(self, content):
        """A few bytes now and then, before any timeout of silence."""
        for at in range(0, 100, 2):
            self.wfile.write(content[at : at + 2])
            self.wfile.flush()
            time.sleep(0.05)

    def finish(self):
        with contextlib.suppress(OSError, ValueError):  # the connection was reset on purpose
            super().finish()
