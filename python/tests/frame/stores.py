"""A web server and an object store on loopback, as much of them as reading and writing needs, which note what was asked
of them."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass
class Store:
    """Files by their paths (``/bucket/key``), and what was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    #: Method, path, and the bytes that were sent.
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    #: The key that signatures must name; None: nobody is asked.
    key: str | None = None
    #: Whether parts of files are served.
    ranges: bool = True
    url: str = ""
    #: Uploads in pieces that nobody has ended: their pieces by their numbers.
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    #: How often each piece of this number is refused before it is taken.
    refused: dict[int, int] = field(default_factory=dict)

    def sent(self, name: str = "") -> int:
        """Bytes that were sent of files whose paths contain ``name``."""
        return sum(size for method, path, size in self.asked if method == "GET" and name in path)

    def forget(self) -> None:
        """Nothing was asked."""
        self.asked.clear()


def _handler(store: Store) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None, size: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if size is None else size))
            self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
            self.send_header("ETag", '"1"')
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def allowed(self) -> bool:
            if store.key is None or f"Credential={store.key}/" in self.headers.get("Authorization", ""):
                return True
            self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
            return False

        def do_GET(self) -> None:
            if not self.allowed():
                return
            parts = urlsplit(self.path)
            path, query = unquote(parts.path), parse_qs(parts.query)
            if "list-type" in query:
                self.answer(200, _listing(store, path.strip("/"), query.get("prefix", [""])[0]))
                return
            data = store.files.get(path)
            if data is None:
                self.answer(404)
                return
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if wanted is None or not store.ranges:
                store.asked.append((self.command, path, len(data)))
                self.answer(200, data)
                return
            start, end = int(wanted[1]), min(int(wanted[2]) + 1 if wanted[2] else len(data), len(data))
            store.asked.append((self.command, path, end - start))
            self.answer(206, data[start:end], {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"})

        def do_HEAD(self) -> None:
            if not self.allowed():
                return
            path = unquote(urlsplit(self.path).path)
            store.asked.append((self.command, path, 0))
            data = store.files.get(path)
            self.answer(404 if data is None else 200, size=0 if data is None else len(data))

        def sent(self) -> tuple[str, dict[str, str], bytes]:
            """Path, query and body."""
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            return unquote(parts.path), query, self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def do_PUT(self) -> None:
            path, query, body = self.sent()
            if not self.allowed():
                return
            store.asked.append((self.command, path, len(body)))
            if "uploadId" not in query:
                store.files[path] = body
                self.answer(200)
                return
            number = int(query["partNumber"])
            if store.refused.get(number, 0) > 0:
                store.refused[number] -= 1
                self.answer(500, b"<Error><Code>InternalError</Code></Error>")
                return
            store.uploads[query["uploadId"]][number] = body
            self.answer(200, headers={"ETag": f'"{number}"'})

        def do_POST(self) -> None:
            path, query, _ = self.sent()
            if not self.allowed():
                return
            if "uploads" in query:
                name = f"{path}#{len(store.asked)}"
                store.uploads[name] = {}
                store.asked.append(("BEGIN", path, 0))
                answer = f"<InitiateMultipartUploadResult><UploadId>{escape(name)}</UploadId></InitiateMultipartUploadResult>"
                self.answer(200, answer.encode())
                return
            pieces = store.uploads.pop(query["uploadId"])
            # An object store asks for at least 5 MiB, but of the last.
            if any(len(pieces[number]) < 5 << 20 for number in sorted(pieces)[:-1]):
                self.answer(400, b"<Error><Code>EntityTooSmall</Code></Error>")
                return
            store.asked.append(("END", path, len(pieces)))
            store.files[path] = b"".join(pieces[number] for number in sorted(pieces))
            self.answer(200, b'<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>')

        def do_DELETE(self) -> None:
            path, query, _ = self.sent()
            store.asked.append(("ABORT" if "uploadId" in query else "DELETE", path, 0))
            store.uploads.pop(query.get("uploadId", ""), None)
            self.answer(204)

    return Handler


def _listing(store: Store, bucket: str, prefix: str) -> bytes:
    keys = sorted(path.removeprefix(f"/{bucket}/") for path in store.files if path.startswith(f"/{bucket}/{prefix}"))
    items = "".join(
        f"<Contents><Key>{escape(key)}</Key><Size>{len(store.files[f'/{bucket}/{key}'])}</Size>"
        "<LastModified>2024-01-01T00:00:00.000Z</LastModified><ETag>\"1\"</ETag></Contents>"
        for key in keys
    )
    return f"<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>{len(keys)}</KeyCount>{items}</ListBucketResult>".encode()


@contextmanager
def serving(store: Store, certificate: Path | None = None) -> Iterator[Store]:
    """The store at ``store.url``, over TLS with a file of a certificate and its key."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(store))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if certificate is None else "https"
    store.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
