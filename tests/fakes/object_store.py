"""An object store on loopback: moto's own server, behind a door that counts and disturbs."""

import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

import httpx

BUCKET = "history"
EDGE = "/edge"
"""Where the Hub's gateway sends downloads: another host, of which an S3 client knows nothing."""
Fault = Callable[[int, str, str], int | None]
"""Called with number, method and path of a request: an error status, 0 to hang up, None to pass."""
_OWN = ("content-length", "transfer-encoding", "connection", "content-encoding", "date", "server")


class ObjectStore:
    """A bucket named `history`; use as a context manager, with `environment` for its clients."""

    def __init__(self, namespace: str = "") -> None:
        """Open a bucket; one of a namespace has the manners of the Hub's gateway to its buckets."""
        # Seconds in loading, and every process that gathers tests loads this module.
        from moto.server import ThreadedMotoServer

        self.namespace = namespace
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.requests: list[tuple[str, str]] = []
        self.fault: Fault = lambda number, method, path: None
        self.fault_after: Fault = lambda number, method, path: None
        """Like `fault`, when the request was carried out and the answer is lost."""
        self._lock = threading.Lock()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "AKIA-of-a-test",
            "AWS_SECRET_ACCESS_KEY": "s3cr3t",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._door.server_port}{self._prefix}",
        }

    @property
    def _prefix(self) -> str:
        return f"/{self.namespace}" if self.namespace else ""

    def make_bucket(self, name: str) -> None:
        httpx.put(f"{self._behind}/{name}")

    def count(self) -> int:
        """Return how many requests came since the last time this was asked."""
        number = len(self.requests)
        self.requests.clear()
        return number

    def open_uploads(self) -> str:
        return httpx.get(f"{self._behind}/{BUCKET}?uploads").text

    def __enter__(self) -> Self:
        self._moto.start()
        host, port = self._moto.get_host_and_port()
        self._behind = f"http://{host}:{port}"
        self._client = httpx.Client(base_url=self._behind, timeout=30)
        store = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = urlsplit(self.path).path
                with store._lock:
                    store.requests.append((self.command, self.path))
                    number = len(store.requests)
                if self.disturb(store.fault(number, self.command, path)):
                    return
                if store.namespace and self.answer_as_gateway(path):
                    return
                passed = {"host", "connection"}
                headers = {k: v for k, v in self.headers.items() if k.lower() not in passed}
                answer = store._client.request(
                    self.command,
                    self.path.removeprefix(store._prefix),
                    headers=headers,
                    content=content,
                )
                if self.disturb(store.fault_after(number, self.command, path)):
                    return
                is_head = self.command == "HEAD"
                size = answer.headers.get("content-length", "0") if is_head else None
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in _OWN:
                        self.send_header(name, value)
                self.send_header("Content-Length", size or str(len(answer.content)))
                self.end_headers()
                if not is_head:
                    self.wfile.write(answer.content)

            def answer_as_gateway(self, path: str) -> bool:
                """Redirect downloads to another host and refuse what the gateway cannot do."""
                query = urlsplit(self.path).query
                if path.startswith(EDGE):
                    # An edge has contents alone, and takes an address with a signature of its own.
                    is_signed = "Authorization" in self.headers
                    own = {"Authorization": "AWS4-HMAC-SHA256 Credential=edge/0/us/s3/aws4_request"}
                    answer = store._client.get(path.removeprefix(EDGE), headers=own)
                    status = 400 if is_signed else answer.status_code
                    return self.send_bare(status, b"" if is_signed else answer.content)
                bucket, _, key = path.removeprefix(f"{store._prefix}/").partition("/")
                is_listing = not key and "list-type=2" in query
                odd_key = key.startswith("./") or key.endswith(("/", "..")) or "//" in key
                trailer = {"x-amz-trailer", "x-amz-decoded-content-length"} & {
                    name.lower() for name in self.headers
                }
                in_parts = "uploads" in query or "uploadId" in query
                if not path.startswith(f"{store._prefix}/{bucket}") or odd_key or trailer:
                    return self.send_bare(400, b"")
                if in_parts or (self.command == "GET" and not (key or is_listing)):
                    return self.send_bare(501, b"")
                if self.command == "GET" and key:
                    self.send_response(302)
                    address = f"http://localhost:{store._door.server_port}{EDGE}/{bucket}/{key}"
                    self.send_header("Location", address)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return True
                return False

            def send_bare(self, status: int, content: bytes) -> bool:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                return True

            def disturb(self, status: int | None) -> bool:
                if status is None:
                    return False
                if status:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                else:
                    self.close_connection = True
                    self.connection.close()
                return True

            do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    return  # the other side hung up, or we did

        self._door = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=self._door.serve_forever, daemon=True).start()
        self.make_bucket(BUCKET)
        return self

    def __exit__(self, *_: object) -> None:
        self._door.shutdown()
        self._door.server_close()
        self._client.close()
        self._moto.stop()
