"""What stands before every route: time limit, access log, metrics, headers, the last resort."""

import asyncio
import logging
import time
from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineage.domain.escape import escape_invisible
from lineage.serve.workers import Metrics

_REQUEST_SECONDS = 60.0
_LOG = logging.getLogger("lineage.serve")
_ACCESS = logging.getLogger("lineage.serve.access")
FAULT = ("a fault of lineage itself", "please report it")


class Front:
    """Stands before every route: time limit, access log, metrics, headers, and what went wrong."""

    def __init__(self, app: ASGIApp, metrics: Metrics, cors: str | None) -> None:
        self._app, self._metrics = app, metrics
        self._headers = [(b"x-content-type-options", b"nosniff")]
        if cors is not None:
            self._headers += [
                (b"access-control-allow-origin", cors.encode("latin-1")),
                (b"access-control-expose-headers", b"ETag, Link, X-Error-Code"),
            ]
            if cors != "*":
                self._headers.append((b"vary", b"Origin"))
        self._cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status, size = time.perf_counter(), 0, 0
        self._metrics.in_flight += 1

        async def send_on(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                if self._cors is not None and _is_preflight(scope):
                    await _answer_preflight()(scope, receive, send_on)
                else:
                    await self._app(scope, receive, send_on)
        except (TimeoutError, ClientDisconnect):
            _LOG.info("a client was too slow, or left")
        except Exception as error:
            # A traceback is for the log of who runs it, never for a client.
            _LOG.error("a fault of lineage itself: %s: %s", type(error).__name__, error)
            _LOG.info("where it happened", exc_info=error)
            if not status:
                headers = {"X-Error-Code": "LineageError", "Cache-Control": "no-store"}
                body = dict(zip(("error", "hint"), FAULT, strict=True))
                response = JSONResponse(body, 500, headers)
                with suppress(OSError):
                    await response(scope, receive, send_on)
        finally:
            self._metrics.in_flight -= 1
            seconds = time.perf_counter() - start
            route = scope.get("route")
            name = getattr(route, "name", None) or "other"
            self._metrics.count_request(name, status or 499, seconds)
            _log_request(scope, status, size, seconds)


def _is_preflight(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return scope["method"] == "OPTIONS" and b"access-control-request-method" in names


def _answer_preflight() -> Response:
    headers = {
        "Access-Control-Allow-Methods": "GET, HEAD, POST",
        "Access-Control-Allow-Headers": "Content-Type, If-None-Match",
        "Access-Control-Max-Age": "600",
    }
    return Response(status_code=204, headers=headers)


def _log_request(scope: Scope, status: int, size: int, seconds: float) -> None:
    """Log one request on one line; nothing that a client sent acts in it."""
    if not _ACCESS.isEnabledFor(logging.INFO):
        return
    client = scope.get("client") or ("-", 0)
    target = (scope.get("raw_path") or b"").decode("latin-1")
    if scope.get("query_string"):
        target += "?" + scope["query_string"].decode("latin-1")
    target = escape_invisible(target[:500])
    facts = {
        "client": client[0],
        "method": scope["method"],
        "target": target,
        "status": status,
        "bytes": size,
        "seconds": round(seconds, 6),
    }
    line = f"{client[0]} {scope['method']} {target} {status} {size} {seconds * 1000:.1f} ms"
    _ACCESS.info("%s", line, extra={"facts": facts})
