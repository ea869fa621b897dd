"""The HTTP side: from a request to a question, and from an answer or an error to a response."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lineage.errors import (
    LineageError,
    MissingExtra,
    NoSuchSnapshot,
    SettingsError,
    SnapshotPruned,
    StoreError,
    UnknownModel,
    UnknownSnapshot,
)
from lineage.serve.open_snapshots import OpenSnapshot, OpenSnapshots
from lineage.serve.operations import Question, Reply, refuse_request_fields, snapshot_of_page_cursor
from lineage.serve.parameters import (
    CountsQuery,
    PageQuery,
    SnapshotQuery,
    convert_request_parameters,
    read_request_query,
)
from lineage.serve.routes import OPERATIONS, Operation, make_openapi
from lineage.serve.server import FAULT, Front, Metrics, Overloaded, ServerWorkers, TimeLimitReached

MOST_BODY_BYTES = 4 << 20
_MOST_DISCARDED_BYTES = 64 << 20
"""A client that sends more is cut off; one that sends less can still read what is wrong."""
_BODY_SECONDS = 15.0
_MOST_HELD_BYTES = 200_000
_CACHE_CONTROL = "public, max-age=60"

_STATUS_BY_ERROR: Mapping[type[LineageError], int] = {
    UnknownModel: 404,
    UnknownSnapshot: 404,
    MissingExtra: 501,
    SettingsError: 400,
    NoSuchSnapshot: 503,
    SnapshotPruned: 503,
    Overloaded: 503,
    TimeLimitReached: 503,
    StoreError: 503,
}
"""By the nearest class above an error."""


class RequestTooLarge(LineageError):
    """A body over the limit."""


class Server:
    """What all requests share: snapshots, workers, metrics."""

    def __init__(self, snapshots: OpenSnapshots, *, closures: int = 2) -> None:
        self.snapshots = snapshots
        self.metrics = Metrics()
        # Closures take seconds on a whole Hub: what is only looked up has threads of its own.
        self.closures = ServerWorkers("closure", closures, 48, 30.0)
        self.lookups = ServerWorkers("look-up", 2, 64, 20.0)

    def close_server(self) -> None:
        """Begin nothing more."""
        self.closures.close_workers()
        self.lookups.close_workers()

    async def open_snapshot(self, query: SnapshotQuery, subject: str | None) -> OpenSnapshot:
        """Return the snapshot that a question is asked of."""
        name, latest = query.snapshot, self.snapshots.latest_served_snapshot
        if isinstance(query, PageQuery) and query.cursor is not None and name is None:
            name = snapshot_of_page_cursor(query.cursor)
        if (
            latest is not None
            and name in (None, latest.snapshot.id)
            and query.requested_day is None
        ):
            return latest
        return await self.lookups.run_in_worker(
            partial(
                self.snapshots.find_served_snapshot,
                name,
                None if name else query.requested_day,
                subject,
            )
        )

    async def answer_http_request(
        self, operation: Operation, subject: str, query: SnapshotQuery
    ) -> Reply:
        """Reply one question: at once where an index knows the answer, else on a worker."""
        opened = await self.open_snapshot(query, subject if "{subject}" in operation.path else None)
        question = Question(self.snapshots, opened, query, subject)
        if serves_count_from_index(opened, subject, query):
            return operation.answer(question)
        workers = self.lookups if operation.is_quick else self.closures
        return await workers.run_in_worker(partial(operation.answer, question))


_DEFAULT_COUNT = CountsQuery()


def serves_count_from_index(opened: OpenSnapshot, subject: str, query: SnapshotQuery) -> bool:
    """Say whether a count is the default one of a model that is found without reading columns."""
    snapshot = opened.snapshot
    index = snapshot.index
    if query != _DEFAULT_COUNT or index is None or "/" not in subject or snapshot.unredacted:
        return False
    if (row := index.find_stored_count_row(subject)) is not None:
        return int(str(row["node"])) < snapshot.manifest.models
    return index.record_ids is not None and bool(index.find_stored_record_nodes(subject))


# From requests to questions


def make_app(
    server: Server,
    *,
    cors: str | None = None,
    is_local: bool = True,
    more: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """Return the application: every operation, the documents about it, and further routes."""
    routes: list[BaseRoute] = [
        Route("/openapi.json", _serve_openapi(), name="openapi"),
        Route("/healthz", partial(_serve_health, server), name="healthz"),
        Route("/metrics", partial(_serve_metrics, server), name="metrics"),
        Route("/mcp", LazyMcp(server, is_local=is_local), methods=["POST"], name="mcp"),
        *more,
    ]
    for operation in OPERATIONS:
        endpoint = partial(serve_operation, server, operation)
        path = operation.path.replace("{subject}", "{subject:path}")
        routes.append(Route(path, endpoint, methods=[operation.method], name=operation.name))
    app = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _answer_http_error,  # type: ignore[dict-item]
            LineageError: _answer_error,  # type: ignore[dict-item]
            Exception: _answer_request_fault,
        },
    )
    app.router.redirect_slashes = False
    app.state.location = server.snapshots.store.location
    return Front(app, server.metrics, cors)


async def serve_operation(server: Server, operation: Operation, request: Request) -> Response:
    """Read a request, ask its question and return the response."""
    subject = request.path_params.get("subject", "")
    if operation.method == "POST":
        query = await read_body(request, operation.query)
        return _make_route_response(
            await server.answer_http_request(operation, subject, query), None
        )
    query = read_request_query(operation.query, request.query_params.multi_items())
    if operation.name == "show_snapshot":
        refuse_request_fields(query, "snapshot")
        query = msgspec.structs.replace(query, snapshot=subject)
    opened = await server.open_snapshot(query, subject or None)
    tag = etag_of_served_answer(opened, operation.name, query)
    if is_etag_of_request(request, tag):
        return Response(status_code=304, headers=_caching_headers(tag))
    key = (operation.name, subject, msgspec.json.encode(query))
    if (body := opened.answers.get_recent_answer(key)) is None:
        answer = await server.answer_http_request(operation, subject, query)
        response = _make_route_response(answer, tag, request)
        is_held = response.status_code == 200 and "link" not in response.headers
        if is_held and len(response.body) <= _MOST_HELD_BYTES:
            opened.answers.put_recent_answer(key, bytes(response.body))
    else:
        response = Response(body, headers=_caching_headers(tag), media_type=operation.media_type)
    return answer_not_modified(request, response, _caching_headers(tag))


def etag_of_served_answer(opened: OpenSnapshot, *parts: object) -> str:
    """Return the ETag of an answer: snapshot, registry, and what was asked of them."""
    asked = hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:12]
    return f'"{opened.version}-{asked}"'


def is_etag_of_request(request: Request, tag: str) -> bool:
    """Say whether the client has this answer already."""
    known = request.headers.get("if-none-match")
    return known is not None and any(
        it.strip().removeprefix("W/") == tag for it in known.split(",")
    )


def answer_not_modified(request: Request, response: Response, headers: dict[str, str]) -> Response:
    """Return 304 in place of an answer where the client has any (`*`) and there is one."""
    # Only the answer itself shows that there is one: its tag alone is made of any address.
    is_known = request.headers.get("if-none-match", "").strip() == "*"
    if not is_known or response.status_code != 200:
        return response
    return Response(status_code=304, headers=headers)


def _caching_headers(tag: str | None) -> dict[str, str]:
    if tag is None:
        return {"Cache-Control": "no-store"}
    return {"ETag": tag, "Cache-Control": _CACHE_CONTROL}


def _make_route_response(
    answer: Reply, tag: str | None, request: Request | None = None
) -> Response:
    headers = _caching_headers(tag)
    if answer.location is not None:
        return Response(status_code=302, headers=headers | {"Location": answer.location})
    if answer.next_cursor is not None and request is not None:
        address = request.url.include_query_params(cursor=answer.next_cursor)
        target = address.path + (f"?{address.query}" if address.query else "")
        headers["Link"] = f'<{target}>; rel="next"'
    body = (
        answer.text.encode() if answer.text is not None else encode_json_response(answer.document)
    )
    return Response(body, headers=headers, media_type=answer.media_type)


def encode_json_response(document: Any) -> bytes:
    """Return a document as JSON in UTF-8."""
    return msgspec.json.encode(document)


async def read_body(request: Request, kind: type[SnapshotQuery]) -> SnapshotQuery:
    """Return the parameters in a body; wrong JSON is answered with its place."""
    body = await _receive_request_body(request)
    try:
        values = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise SettingsError(
            f"the body is no JSON: {error}{_find_line_of_request_error(body, error)}"
        ) from error
    except RecursionError as error:
        raise SettingsError("the body is no JSON that is read: it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"the body is no JSON: byte {error.start} is no UTF-8") from error
    if not isinstance(values, dict):
        raise SettingsError("the body is no JSON object", 'example: {"subjects": ["gpt2"]}')
    return convert_request_parameters(kind, values, strict=True)


def _find_line_of_request_error(body: bytes, error: Exception) -> str:
    _, separator, place = str(error).rpartition("(byte ")
    if not separator:
        return ""
    before = body[: int(place.rstrip(")"))]
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    return f", line {line}, column {column}"


async def _receive_request_body(request: Request) -> bytes:
    """Return the body; a client that sends too much is heard out, so that it reads the answer."""
    text = request.headers.get("content-length", "")
    promised = int(text) if text.isascii() and text.isdigit() else 0
    waits = request.headers.get("expect", "").lower() == "100-continue"
    too_large = RequestTooLarge(
        f"the body is larger than {MOST_BODY_BYTES:,} bytes", "send the models in several requests"
    )
    if promised > _MOST_DISCARDED_BYTES or (waits and promised > MOST_BODY_BYTES):
        raise too_large
    pieces, size = [], 0
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for piece in request.stream():
                size += len(piece)
                if size <= MOST_BODY_BYTES:
                    pieces.append(piece)
                elif size > _MOST_DISCARDED_BYTES:
                    raise too_large
    except TimeoutError:
        raise HTTPException(408, f"no whole body came within {_BODY_SECONDS:g} seconds") from None
    if size > MOST_BODY_BYTES:
        raise too_large
    return b"".join(pieces)


# From errors to responses


async def _answer_error(request: Request, error: LineageError) -> Response:
    return make_error_response(error, request)


async def _answer_request_fault(request: Request, _: Exception) -> Response:
    # The log has what it was; a client gets no traceback.
    return make_error_response(LineageError(*FAULT), request)


def answer_status_of_error(error: LineageError, *, is_named: bool = False) -> int:
    """Return the HTTP status of an error; of a snapshot that was named and is not there 404."""
    if isinstance(error, RequestTooLarge):
        return 413
    if is_named and isinstance(error, NoSuchSnapshot):
        return 404
    kinds = (it for it in type(error).__mro__ if it in _STATUS_BY_ERROR)
    # What running again may mend, or somebody must look at, is not there right now.
    later = 503 if error.exit_code in (3, 4) else 500
    return next((_STATUS_BY_ERROR[it] for it in kinds), later)


def hide_store_from_client(request: Request, text: str) -> str:
    """Return a text in which the store's place on this machine is not told."""
    location = getattr(request.app.state, "location", "") if "app" in request.scope else ""
    return text.replace(location, "this store") if location else text


def make_error_response(error: LineageError, request: Request) -> Response:
    """Return an error as JSON: a sentence, what to do, and a code."""
    is_named = any(request.query_params.get(name) for name in ("snapshot", "as_of"))
    is_named |= request.url.path.startswith("/api/snapshots/")
    status = answer_status_of_error(error, is_named=is_named)
    message = hide_store_from_client(request, error.message)
    document: dict[str, Any] = {
        "error": message,
        "hint": hide_store_from_client(request, error.hint),
    }
    if isinstance(error, UnknownModel) and error.candidates:
        document["candidates"] = list(error.candidates)
    code = "BadParameter" if type(error) is SettingsError else type(error).__name__
    headers = {"X-Error-Code": code, "Cache-Control": "no-store"}
    if status == 503:
        headers["Retry-After"] = "30" if isinstance(error, StoreError) else "1"
    if status == 413:
        headers["Connection"] = "close"
    return Response(encode_json_response(document), status, headers, "application/json")


async def _answer_http_error(_: Request, error: HTTPException) -> Response:
    headers = {"Cache-Control": "no-store", **(error.headers or {})}
    match error.status_code:
        case 404:
            code, sentence = "NoSuchRoute", "there is no such address"
            hint = "see /openapi.json for those there are"
        case 405:
            code, sentence = "MethodNotAllowed", "this address takes another method"
            hint = f"allowed: {headers.get('Allow', headers.get('allow', 'GET'))}"
        case _:
            code, sentence, hint = "RequestFailed", error.detail, ""
    headers["X-Error-Code"] = code
    body = encode_json_response({"error": sentence, "hint": hint})
    return Response(body, error.status_code, headers, "application/json")


# Documents about the server


def _serve_openapi() -> Callable[[Request], Awaitable[Response]]:
    body = encode_json_response(make_openapi())

    async def serve(_: Request) -> Response:
        return Response(
            body, headers={"Cache-Control": _CACHE_CONTROL}, media_type="application/json"
        )

    return serve


async def _serve_health(server: Server, _: Request) -> Response:
    latest = server.snapshots.latest_served_snapshot
    document = {
        "status": "no snapshot" if latest is None else "ok",
        "snapshot": None if latest is None else latest.snapshot.id,
    }
    headers = {"Cache-Control": "no-store"} | ({} if latest else {"Retry-After": "30"})
    return Response(
        encode_json_response(document), 503 if latest is None else 200, headers, "application/json"
    )


async def _serve_metrics(server: Server, _: Request) -> Response:
    latest = server.snapshots.latest_served_snapshot
    taken = None if latest is None else latest.snapshot.manifest.origin.taken_at.timestamp()
    text = "\n".join(server.metrics.server_metrics_lines(taken)) + "\n"
    return Response(
        text, headers={"Cache-Control": "no-store"}, media_type="text/plain; version=0.0.4"
    )


class LazyMcp:
    """MCP over HTTP, imported when the first client asks: it takes as long as all else."""

    def __init__(self, server: Server, *, is_local: bool) -> None:
        self._server, self._is_local = server, is_local
        self._endpoint: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._endpoint is None:
            try:
                self._endpoint = await self._server.lookups.run_in_worker(self._load_mcp_endpoint)
            except LineageError as error:
                await make_error_response(error, Request(scope))(scope, receive, send)
                return
        await self._endpoint(scope, receive, send)

    def _load_mcp_endpoint(self) -> ASGIApp:
        try:
            from lineage.serve.mcp_tools import McpEndpoint
        except ImportError as error:
            if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
                raise
            raise MissingExtra("tools for agents", "mcp") from error
        return McpEndpoint(self._server, is_local=self._is_local, most_bytes=MOST_BODY_BYTES)
