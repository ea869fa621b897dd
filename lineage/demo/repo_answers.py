"""Answers as the Hub words them, and those about one repository: its row, its files, refusals."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

import msgspec

from lineage.demo.catalog import Catalog, Row
from lineage.demo.listing import DETAIL_FIELDS, BadQuery, project_box_row

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
CARD = "README.md"
RELATIONS = ("adapter", "merge", "quantized", "finetune")
_VERBS = ("revision", "tree", "resolve", "raw")


@dataclass(frozen=True, slots=True)
class BoxAnswer:
    """Status, body and headers of one answer."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def box_error(status: int, message: str, code: str | None = None) -> BoxAnswer:
    """Return an error as the Hub words it: a JSON body, and the code in a header if it has one."""
    # The plain 401 and the bad query carry no error headers (recorded 2026-07 and 2026-10).
    headers = {"X-Error-Code": code} if code else {}
    if code or status in (403, 404):
        headers["X-Error-Message"] = "".join(c if " " <= c <= "~" else "?" for c in message)
    # Compact, byte for byte what the Hub sends.
    body = json.dumps({"error": message}, separators=(",", ":"), ensure_ascii=False).encode()
    return BoxAnswer(status, body, JSON, headers)


def box_redirect(location: str) -> BoxAnswer:
    """Return a 307 with the Hub's body, `Temporary Redirect. Redirecting to ...`."""
    body = f"Temporary Redirect. Redirecting to {location}".encode()
    return BoxAnswer(307, body, TEXT, {"Location": location})


@dataclass(frozen=True, slots=True)
class RepoPath:
    """A path about one repository, split into its parts."""

    id: str
    verb: str = ""
    """`revision`, `tree`, `resolve` or `raw`; empty for the repository itself."""
    revision: str = "main"
    file: str = ""


def split_box_path(path: str) -> RepoPath:
    """Return what a path such as `owner/name/resolve/main/README.md` asks for.

    A few old models have a bare name, so that the verb may come second or third.
    """
    parts = [unquote(part) for part in path.split("/")]
    for place in (2, 1):
        if len(parts) > place + 1 and parts[place] in _VERBS:
            verb, revision, *file = parts[place:]
            return RepoPath("/".join(parts[:place]), verb, revision, "/".join(file))
    return RepoPath("/".join(parts))


def answer_box_detail(catalog: Catalog, path: str, query: str, token: str | None) -> BoxAnswer:
    """Return the answer to `/api/models/<path>`: a model's row, or the list of its files."""
    repo = split_box_path(path)

    def answer(row: Row) -> BoxAnswer:
        if not _is_box_revision(row, repo.revision):
            return box_error(404, f"Invalid rev id: {repo.revision}", "RevisionNotFound")
        if repo.verb == "tree":
            return _list_box_files(row)
        return _serve_box_detail(catalog, row, query)

    return _answer_about_box_repo(catalog, repo, token, answer, prefix="/api/models/", query=query)


def answer_box_file(catalog: Catalog, path: str, query: str, token: str | None) -> BoxAnswer:
    """Return the answer to `/<path>`: a file by `resolve`, which redirects once, or by `raw`."""
    repo = split_box_path(path)

    def answer(row: Row) -> BoxAnswer:
        if _is_box_repo_gated(row, repo):
            return _refuse_gated_box_repo(row, token)
        if not _is_box_revision(row, repo.revision):
            return box_error(404, f"Invalid rev id: {repo.revision}", "RevisionNotFound")
        card = make_box_card_text(row)
        if repo.file != CARD or card is None:
            return box_error(404, "Entry not found", "EntryNotFound")
        if repo.verb == "raw":
            return _serve_box_card(row, card, weak=True)
        return _redirect_to_box_cache(row, card)

    return _answer_about_box_repo(catalog, repo, token, answer, prefix="/", query=query)


def answer_cached_file(catalog: Catalog, path: str) -> BoxAnswer:
    """Return the answer to `/api/resolve-cache/models/<path>`, the end of a `resolve`."""
    owner, _, rest = path.partition("/")
    name, _, _ = rest.partition("/")
    row = catalog.box_model_at(unquote(f"{owner}/{name}")) or catalog.box_model_at(unquote(owner))
    card = None if row is None or row.get("_private") else make_box_card_text(row)
    if row is None or card is None or not path.endswith(f"/{CARD}"):
        return box_error(404, "Entry not found", "EntryNotFound")
    return _serve_box_card(row, card, weak=False)


def make_box_card_text(row: Row) -> bytes | None:
    """Return the README of a model, made from its row alone; None for a model without a card."""
    if "_readme" in row:
        return str(row["_readme"]).encode()
    if not row.get("cardData"):
        return None
    front = "".join(f"{key}: {json.dumps(value)}\n" for key, value in row["cardData"].items())
    return f"---\n{front}---\n\n# {row['id']}\n".encode()


def _answer_about_box_repo(
    catalog: Catalog,
    repo: RepoPath,
    token: str | None,
    answer: Callable[[Row], BoxAnswer],
    *,
    prefix: str,
    query: str,
) -> BoxAnswer:
    row = catalog.box_model_at(repo.id)
    if row is not None and row.get("_private"):
        return _hide_box_repo(token)
    if row is not None and row.get("_disabled"):
        return box_error(403, "Access to this resource is disabled.")
    if row is not None:
        return answer(row)
    if (name := catalog.box_name_now(repo.id)) is not None:
        tail = (repo.verb, repo.revision, repo.file) if repo.verb else ()
        path = "/".join(quote(part, safe="/") for part in (name, *tail) if part)
        return box_redirect(f"{prefix}{path}{'?' if query else ''}{query}")
    return _hide_box_repo(token)


def _hide_box_repo(token: str | None) -> BoxAnswer:
    """Return the answer of a repository that is private or does not exist: they look alike."""
    if token is None:
        return box_error(401, "Invalid username or password.")
    return box_error(404, "Repository not found", "RepoNotFound")


def _serve_box_detail(catalog: Catalog, row: Row, query: str) -> BoxAnswer:
    fields = [
        value
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name in ("expand", "expand[]")
    ]
    if any(field not in DETAIL_FIELDS for field in fields):
        raise BadQuery(f'"expand" must be one of [{", ".join(DETAIL_FIELDS)}]')
    if "childrenModelCount" in fields:
        counts = {
            relation: len(catalog.tagged_box_models(f"base_model:{relation}:{row['id']}"))
            for relation in RELATIONS
        }
        row = row | {"childrenModelCount": counts}
    fields = fields or [*DETAIL_FIELDS, "modelId"]
    return BoxAnswer(200, msgspec.json.encode(project_box_row(row, fields)))


def _list_box_files(row: Row) -> BoxAnswer:
    card = make_box_card_text(row)
    files = []
    if card is not None:
        files.append({"type": "file", "oid": _box_blob_id(card), "size": len(card), "path": CARD})
    return BoxAnswer(200, msgspec.json.encode(files))


def _is_box_revision(row: Row, revision: str) -> bool:
    sha = str(row.get("sha", ""))
    return revision == "main" or (len(revision) >= 7 and sha.startswith(revision))


def _is_box_repo_gated(row: Row, repo: RepoPath) -> bool:
    """Say whether the gate closes this file; the Hub checks that before it looks for the file."""
    open_file = "/" not in repo.file and (
        repo.file == "LICENSE" or repo.file.endswith((".md", ".txt"))
    )
    return bool(row.get("gated")) and not (repo.verb == "resolve" and open_file)


def _refuse_gated_box_repo(row: Row, token: str | None) -> BoxAnswer:
    if token is not None:
        message = (
            f"Access to model {row['id']} is restricted and you are not in the authorized list. "
            f"Visit https://huggingface.co/{row['id']} to ask for access."
        )
        return box_error(403, message, "GatedRepo")
    message = (
        f"Access to model {row['id']} is restricted. You must have access to it and be "
        "authenticated to access it. Please log in."
    )
    refusal = box_error(401, message, "GatedRepo")
    refusal.headers["WWW-Authenticate"] = 'Bearer realm="Authentication required"'
    return refusal


def _redirect_to_box_cache(row: Row, card: bytes) -> BoxAnswer:
    blob, sha = _box_blob_id(card), _box_commit_of(row)
    path = f"/api/resolve-cache/models/{quote(row['id'])}/{sha}/{CARD}"
    answer = box_redirect(f"{path}?etag={quote(chr(34) + blob + chr(34))}")
    answer.headers.update({"X-Repo-Commit": sha, "X-Linked-Etag": f'"{blob}"'})
    return answer


def _serve_box_card(row: Row, card: bytes, *, weak: bool) -> BoxAnswer:
    etag = f'{"W/" if weak else ""}"{_box_blob_id(card)}"'
    content_type = TEXT if weak else "text/plain"
    return BoxAnswer(200, card, content_type, {"ETag": etag, "X-Repo-Commit": _box_commit_of(row)})


def _box_commit_of(row: Row) -> str:
    return str(row.get("sha", "0" * 40))


def _box_blob_id(content: bytes) -> str:
    git_object = b"blob %d\0" % len(content) + content
    return hashlib.sha1(git_object, usedforsecurity=False).hexdigest()
