"""The Hub as one who publishes a data set meets it: commits, LFS, trees and files by range."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from huggingface_hub import DatasetCard

TOKEN = "hf_of-a-test"
OWNER = "owner"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_LARGE = (".parquet",)
_ID = r"([^/]+/[^/]+)"
_ROUTES = {
    rf"/large/{_ID}/([0-9a-f]{{64}})": "keep_large",
    rf"/datasets/{_ID}/resolve/([^/]+)/(.+)": "resolve",
    "/api/validate-yaml": "validate",
    "/api/repos/create": "create",
    rf"/datasets/{_ID}\.git/info/lfs/objects/batch": "plan_uploads",
    rf"/api/datasets/{_ID}(?:/revision/([^/]+))?": "show",
    rf"/api/datasets/{_ID}/tree/([^/]+)(?:/(.+))?": "list_tree",
    rf"/api/datasets/{_ID}/paths-info/([^/]+)": "list_paths",
    rf"/api/datasets/{_ID}/preupload/main": "choose_modes",
    rf"/api/datasets/{_ID}/commit/main": "commit",
    rf"/api/datasets/{_ID}/super-squash/main": "squash",
    rf"/api/datasets/{_ID}/lfs-files/batch": "delete_large",
    rf"/api/datasets/{_ID}/lfs-files": "list_large",
}
"""Paths by what answers them."""
_OPEN = frozenset({"keep_large", "resolve"})
"""What needs no token: an upload's address is its own key."""
Query = dict[str, list[str]]

Fault = Callable[[str, str], int | None]
"""Called with method and path of a request: an error status, 0 to hang up, None to pass."""


@dataclass(slots=True)
class Commit:
    """A commit: its message, and every file there is with it."""

    id: str
    message: str
    files: dict[str, bytes]
    operations: int


@dataclass(slots=True)
class Repository:
    """A data set: its commits, the oldest first, and the large files that were ever sent."""

    private: bool
    commits: list[Commit] = field(default_factory=list)
    large: dict[str, bytes] = field(default_factory=dict)

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def add(self, message: str, files: dict[str, bytes], operations: int) -> Commit:
        text = f"{len(self.commits)} {message} {sorted(files)}"
        id = hashlib.sha1(text.encode()).hexdigest()
        self.commits.append(Commit(id, message, files, operations))
        return self.head

    def at(self, revision: str) -> Commit | None:
        if revision == "main":
            return self.head
        return next((it for it in self.commits if it.id == revision), None)


class DataSetHub:
    """Data sets of `owner` on loopback; use as a context manager."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.requests: list[tuple[str, str]] = []
        self.sent: dict[str, int] = {}
        """By SHA-256: how often the bytes of a large file came."""
        self.served = 0
        """Bytes of files that went out."""
        self.fault: Fault = lambda method, path: None
        self.lock = threading.RLock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def files(self, id: str) -> dict[str, bytes]:
        return self.repositories[id].head.files

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: DataSetHub

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        self.hub.requests.append((self.command, path))
        # Not locked: it may publish something itself.
        status = self.hub.fault(self.command, path)
        with self.hub.lock:
            if status == 0:
                self.close_connection = True
                self.connection.close()
            elif status is not None:
                self.send(status, {"error": "a fault"})
            else:
                self.route(path, parse_qs(parts.query), body)

    def route(self, path: str, query: dict[str, list[str]], body: bytes) -> None:
        for pattern, name in _ROUTES.items():
            if match := re.fullmatch(pattern, path):
                if name in _OPEN or self.headers.get("Authorization") == f"Bearer {TOKEN}":
                    return getattr(self, name)(*match.groups(), query, body)  # type: ignore[no-any-return]
                return self.send(401, {"error": "Invalid username or password."})
        return self.send(404, {"error": "Not found"})

    def find_commit(self, id: str, revision: str) -> tuple[Repository, Commit] | None:
        """Return what is asked for, or answer that it is not there."""
        repository = self.hub.repositories.get(id)
        commit = None if repository is None else repository.at(revision)
        if repository is not None and commit is not None:
            return repository, commit
        code = "RepoNotFound" if repository is None else "RevisionNotFound"
        self.send(404, {"error": "Not found"}, {"X-Error-Code": code})
        return None

    def show(self, id: str, revision: str | None, _: Query, __: bytes) -> None:
        if there := self.find_commit(id, revision or "main"):
            repository, commit = there
            self.send(200, {"id": id, "sha": commit.id, "private": repository.private})

    def list_paths(self, id: str, revision: str, _: Query, body: bytes) -> None:
        if there := self.find_commit(id, revision):
            paths = parse_qs(body.decode()).get("paths", [])
            self.send(200, [it for it in _entries(there[1]) if it["path"] in paths])

    def squash(self, id: str, _: Query, __: bytes) -> None:
        repository = self.hub.repositories[id]
        files = repository.head.files
        repository.commits.clear()
        repository.add("squashed", files, 0)
        self.send(200, {})

    def delete_large(self, id: str, _: Query, body: bytes) -> None:
        for sha in json.loads(body)["deletions"]["sha"]:
            del self.hub.repositories[id].large[sha]
        self.send(200, {})

    def list_large(self, id: str, _: Query, __: bytes) -> None:
        large = self.hub.repositories[id].large
        self.send(200, [_large_entry(*it) for it in large.items()])

    def create(self, _: Query, body: bytes) -> None:
        wish = json.loads(body)
        id = f"{wish.get('organization', OWNER)}/{wish['name']}"
        if wish.get("organization", OWNER) != OWNER:
            return self.send(403, {"error": "You don't have the rights to create this here"})
        if id in self.hub.repositories:
            return self.send(409, {"error": "You already created this dataset repo"})
        repository = self.hub.repositories[id] = Repository(wish.get("visibility") == "private")
        repository.add("initial commit", {".gitattributes": b"*.parquet filter=lfs"}, 1)
        return self.send(200, {"url": f"{self.hub.url}/datasets/{id}"})

    def validate(self, _: Query, body: bytes) -> None:
        try:
            header = DatasetCard(json.loads(body)["content"]).data.to_dict()
            names = [it["config_name"] for it in header["configs"]]
            assert len(set(names)) == len(names)
        except (AssertionError, KeyError, ValueError) as error:
            return self.send(400, {"errors": [{"message": str(error)}], "warnings": []})
        return self.send(200, {"errors": [], "warnings": []})

    def choose_modes(self, id: str, _: Query, body: bytes) -> None:
        files, commit = [], self.hub.repositories[id].head
        for file in json.loads(body)["files"]:
            mode = "lfs" if file["path"].endswith(_LARGE) else "regular"
            at = commit.files.get(file["path"])
            oid = None if at is None else _digest(file["path"], at)
            answer = {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}
            files.append(answer if oid is None else answer | {"oid": oid})
        self.send(200, {"files": files})

    def plan_uploads(self, id: str, _: Query, body: bytes) -> None:
        objects = []
        for it in json.loads(body)["objects"]:
            upload = {"href": f"{self.hub.url}/large/{id}/{it['oid']}", "header": {}}
            is_there = it["oid"] in self.hub.repositories[id].large
            objects.append(it if is_there else it | {"actions": {"upload": upload}})
        self.send(200, {"transfer": "basic", "objects": objects})

    def keep_large(self, id: str, oid: str, _: Query, body: bytes) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self.send(400, {"error": "digest"})
        self.hub.repositories[id].large[oid] = body
        self.hub.sent[oid] = self.hub.sent.get(oid, 0) + 1
        return self.send(200, {})

    def commit(self, id: str, _: Query, body: bytes) -> None:
        repository = self.hub.repositories[id]
        lines = [json.loads(line) for line in body.splitlines()]
        header = lines[0]["value"]
        if header.get("parentCommit") not in (None, repository.head.id):
            return self.send(412, {"error": "A commit has happened since. Please refresh."})
        files = dict(repository.head.files)
        for line in lines[1:]:
            value = line["value"]
            match line["key"]:
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    if value["oid"] not in repository.large:
                        return self.send(400, {"error": f"{value['path']} was not uploaded"})
                    files[value["path"]] = repository.large[value["oid"]]
                case "deletedFile":
                    if files.pop(value["path"], None) is None:
                        return self.send(404, {"error": "A file with this name doesn't exist"})
                case other:
                    return self.send(400, {"error": f"unknown operation {other}"})
        if len(lines) - 1 >= 100:
            return self.send(400, {"error": "too many files"})
        commit = repository.add(header["summary"], files, len(lines) - 1)
        return self.send(
            200, {"commitUrl": f"{self.hub.url}/c/{commit.id}", "commitOid": commit.id}
        )

    def list_tree(self, id: str, revision: str, folder: str | None, query: Query, _: bytes) -> None:
        if not (there := self.find_commit(id, revision)):
            return
        # In pages, as the Hub does where there are more than a thousand.
        entries = [it for it in _entries(there[1]) if it["path"].startswith(folder or "")]
        start, size = int(query.get("cursor", ["0"])[0]), 50
        headers = {}
        if len(entries) > start + size:
            address = (
                f"{self.hub.url}{urlsplit(self.path).path}?recursive=true&cursor={start + size}"
            )
            headers = {"Link": f'<{address}>; rel="next"'}
        self.send(200, entries[start : start + size], headers)

    def resolve(self, id: str, revision: str, path: str, _: Query, __: bytes) -> None:
        if not (there := self.find_commit(id, revision)):
            return None
        commit = there[1]
        if (content := commit.files.get(path)) is None:
            return self.send(404, {"error": "none"}, {"X-Error-Code": "EntryNotFound"})
        headers = {
            "ETag": f'"{_digest(path, content)}"',
            "X-Repo-Commit": commit.id,
            "Accept-Ranges": "bytes",
        }
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is None:
            return self.send_bytes(200, content, headers)
        size = len(content)
        if asked[1]:
            first, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
        else:
            first, last = max(0, size - int(asked[2])), size - 1
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        return self.send_bytes(206, content[first : last + 1], headers)

    def send(self, status: int, answer: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(answer).encode()
        self.send_bytes(status, content, {"Content-Type": "application/json", **(headers or {})})

    def send_bytes(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.hub.served += len(content)
            self.wfile.write(content)

    do_GET = do_PUT = do_HEAD = do_POST = answer

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            return  # the other side hung up, or we did


def _digest(path: str, content: bytes) -> str:
    if path.endswith(_LARGE):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _entries(commit: Commit) -> list[dict[str, Any]]:
    folders = {path.rpartition("/")[0] for path in commit.files} - {""}
    empty: dict[str, Any] = {"type": "directory", "oid": "0" * 40, "size": 0}
    entries = [empty | {"path": folder} for folder in sorted(folders)]
    for path, content in sorted(commit.files.items()):
        entry: dict[str, Any] = {
            "type": "file",
            "path": path,
            "size": len(content),
            "oid": "0" * 40,
        }
        if path.endswith(_LARGE):
            lfs = {"oid": _digest(path, content), "size": len(content), "pointerSize": 134}
            entry["lfs"] = lfs
        else:
            entry["oid"] = _digest(path, content)
        entries.append(entry)
    return entries


def _large_entry(sha: str, content: bytes) -> dict[str, Any]:
    return {
        "fileOid": sha,
        "filename": "file",
        "oid": sha,
        "pushedAt": "2026-12-01T00:00:00.000Z",
        "size": len(content),
        "ref": "main",
    }
