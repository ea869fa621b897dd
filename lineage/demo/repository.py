"""What the Hub answers about one repository: its row, its files, and why it may not show them."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

import msgspec

from lineage.demo.answers import TEXT, Answer, error, redirect
from lineage.demo.catalog import Catalog, Row
from lineage.demo.listing import DETAIL_FIELDS, BadQuery, project

CARD = "README.md"
RELATIONS = ("adapter", "merge", "quantized", "finetune")


@dataclass(frozen=True, slots=True)
class Asked:
    """A path about one repository, taken apart."""

    id: str
    verb: str = ""
    """`revision`, `tree`, `resolve` or `raw`; empty for the repository itself."""
    revision: str = "main"
    file: str = ""


def take_apart(path: str) -> Asked:
    """Return what a path such as `owner/name/resolve/main/README.md` asks for.

    A few old models have a bare name, so that the verb may come second or third.
    """
    parts = [unquote(part) for part in path.split("/")]
    for place in (2, 1):
        if len(parts) > place + 1 and parts[place] in ("revision", "tree", "resolve", "raw"):
            id, rest = "/".join(parts[:place]), parts[place:]
            return Asked(id, rest[0], rest[1], "/".join(rest[2:]))
    return Asked("/".join(parts))


def answer_detail(catalog: Catalog, path: str, query: str, token: str | None) -> Answer:
    """Return the answer to `/api/models/<path>`: a model's row, or the list of its files."""
    asked = take_apart(path)

    def found(row: Row) -> Answer:
        if not _is_revision(row, asked.revision):
            return error(404, f"Invalid rev id: {asked.revision}", "RevisionNotFound")
        if asked.verb == "tree":
            return _tree(row)
        return _detail(catalog, row, query)

    return _with_row(catalog, asked, token, found, prefix="/api/models/", query=query)


def answer_file(catalog: Catalog, path: str, query: str, token: str | None) -> Answer:
    """Return the answer to `/<path>`: a file by `resolve`, which redirects once, or by `raw`."""
    asked = take_apart(path)

    def found(row: Row) -> Answer:
        if _is_closed(row, asked):
            return _gate(row, token)
        if not _is_revision(row, asked.revision):
            return error(404, f"Invalid rev id: {asked.revision}", "RevisionNotFound")
        card = card_text(row)
        if asked.file != CARD or card is None:
            return error(404, "Entry not found", "EntryNotFound")
        if asked.verb == "raw":
            return _file(row, card, weak=True)
        return _to_cache(row, card)

    return _with_row(catalog, asked, token, found, prefix="/", query=query)


def answer_cached_file(catalog: Catalog, path: str) -> Answer:
    """Return the answer to `/api/resolve-cache/models/<path>`, the end of a `resolve`."""
    owner, _, rest = path.partition("/")
    name, _, _ = rest.partition("/")
    row = catalog.get(unquote(f"{owner}/{name}")) or catalog.get(unquote(owner))
    card = None if row is None or row.get("_private") else card_text(row)
    if row is None or card is None or not path.endswith(f"/{CARD}"):
        return error(404, "Entry not found", "EntryNotFound")
    return _file(row, card, weak=False)


def card_text(row: Row) -> bytes | None:
    """Return the README of a model, made from its row alone; None for a model without a card."""
    if "_readme" in row:
        return str(row["_readme"]).encode()
    if not row.get("cardData"):
        return None
    front = "".join(f"{key}: {json.dumps(value)}\n" for key, value in row["cardData"].items())
    return f"---\n{front}---\n\n# {row['id']}\n".encode()


def _with_row(
    catalog: Catalog,
    asked: Asked,
    token: str | None,
    found: Callable[[Row], Answer],
    *,
    prefix: str,
    query: str,
) -> Answer:
    row = catalog.get(asked.id)
    if row is not None and row.get("_private"):
        return _shown_to_nobody(token)
    if row is not None and row.get("_disabled"):
        return error(403, "Access to this resource is disabled.")
    if row is not None:
        return found(row)
    if (name := catalog.name_now(asked.id)) is not None:
        tail = (asked.verb, asked.revision, asked.file) if asked.verb else ()
        path = "/".join(quote(part, safe="/") for part in (name, *tail) if part)
        return redirect(f"{prefix}{path}{'?' if query else ''}{query}")
    return _shown_to_nobody(token)


def _shown_to_nobody(token: str | None) -> Answer:
    """Return the answer of a repository that is private, or that there never was."""
    if token is None:
        return error(401, "Invalid username or password.")
    return error(404, "Repository not found", "RepoNotFound")


def _detail(catalog: Catalog, row: Row, query: str) -> Answer:
    asked = [
        value
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name in ("expand", "expand[]")
    ]
    if any(field not in DETAIL_FIELDS for field in asked):
        raise BadQuery(f'"expand" must be one of [{", ".join(DETAIL_FIELDS)}]')
    if "childrenModelCount" in asked:
        row = row | {"childrenModelCount": _children(catalog, row["id"])}
    fields = asked or [*DETAIL_FIELDS, "modelId"]
    return Answer(200, msgspec.json.encode(project(row, fields)))


def _children(catalog: Catalog, id: str) -> dict[str, int]:
    return {relation: len(catalog.tagged(f"base_model:{relation}:{id}")) for relation in RELATIONS}


def _tree(row: Row) -> Answer:
    card = card_text(row)
    files = []
    if card is not None:
        files.append({"type": "file", "oid": _blob(card), "size": len(card), "path": CARD})
    return Answer(200, msgspec.json.encode(files))


def _is_revision(row: Row, revision: str) -> bool:
    sha = str(row.get("sha", ""))
    return revision == "main" or (len(revision) >= 7 and sha.startswith(revision))


def _is_closed(row: Row, asked: Asked) -> bool:
    """Say whether the gate is before this file: it is asked before the file is looked for."""
    open_file = "/" not in asked.file and (
        asked.file == "LICENSE" or asked.file.endswith((".md", ".txt"))
    )
    return bool(row.get("gated")) and not (asked.verb == "resolve" and open_file)


def _gate(row: Row, token: str | None) -> Answer:
    if token is not None:
        message = (
            f"Access to model {row['id']} is restricted and you are not in the authorized list. "
            f"Visit https://huggingface.co/{row['id']} to ask for access."
        )
        return error(403, message, "GatedRepo")
    message = (
        f"Access to model {row['id']} is restricted. You must have access to it and be "
        "authenticated to access it. Please log in."
    )
    answer = error(401, message, "GatedRepo")
    answer.headers["WWW-Authenticate"] = 'Bearer realm="Authentication required"'
    return answer


def _to_cache(row: Row, card: bytes) -> Answer:
    blob, sha = _blob(card), _commit(row)
    path = f"/api/resolve-cache/models/{quote(row['id'])}/{sha}/{CARD}"
    answer = redirect(f"{path}?etag={quote(chr(34) + blob + chr(34))}")
    answer.headers.update({"X-Repo-Commit": sha, "X-Linked-Etag": f'"{blob}"'})
    return answer


def _file(row: Row, card: bytes, *, weak: bool) -> Answer:
    etag = f'{"W/" if weak else ""}"{_blob(card)}"'
    content_type = TEXT if weak else "text/plain"
    return Answer(200, card, content_type, {"ETag": etag, "X-Repo-Commit": _commit(row)})


def _commit(row: Row) -> str:
    return str(row.get("sha", "0" * 40))


def _blob(content: bytes) -> str:
    git_object = b"blob %d\0" % len(content) + content
    return hashlib.sha1(git_object, usedforsecurity=False).hexdigest()
