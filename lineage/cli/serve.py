"""The command `lineage serve`: HTTP API, pages to explore, MCP."""

import logging
import re
import sys
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.cli.context import Format, Invocation
from lineage.errors import LineageError, MissingExtra, SettingsError, file_error

if TYPE_CHECKING:
    from lineage.serve.app import Server
    from lineage.serve.open_snapshots import OpenSnapshots

_REFUSES = {"snapshot": "has no meaning here: a client names one with ?snapshot="}
_LOGGERS = ("uvicorn", "uvicorn.error", "asyncio", "mcp")


@click.command(
    cls=options.Command,
    refuses=_REFUSES,
    outcome="requests that were being answered were answered; start it again",
    short_help="Serve an HTTP API, pages to explore, and MCP.",
    epilog=options.examples(
        "lineage serve --store demo/snapshots",
        "lineage serve --host 0.0.0.0 --port 80 --cors https://example.org",
        "lineage serve --mcp-stdio",
    ),
)
@options.combine_options(
    click.option(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        show_default=True,
        envvar="LINEAGE_HOST",
        show_envvar=True,
        help="Address to listen at; 0.0.0.0 is every one.",
    ),
    click.option(
        "--port",
        type=options.Number(0, 65535),
        metavar="N",
        default=8000,
        show_default=True,
        envvar="LINEAGE_PORT",
        show_envvar=True,
        help="Port to listen at; 0 is any that is free.",
    ),
    click.option(
        "--cors",
        metavar="ORIGIN",
        help="Let pages of this origin ask too, https://example.org; * is any.",
    ),
    click.option(
        "--mcp-stdio",
        is_flag=True,
        help="Speak MCP on standard input and output instead of HTTP.",
    ),
)
def serve(
    *, host: str, port: int, cors: str | None, mcp_stdio: bool, invocation: Invocation
) -> None:
    """Answer questions over HTTP until Ctrl-C: JSON, pages, and tools for agents (MCP).

    Read-only, and answers equal those of the commands. A new snapshot is noticed while it runs.
    The addresses are described in docs/serve.md, and by the server at /openapi.json.
    """
    from lineage.cli import logs, signals
    from lineage.domain.addresses import is_loopback_host
    from lineage.domain.documents import to_json

    if cors is not None and not _is_origin_option(cors):
        raise SettingsError(
            f"--cors {cors!r} is no origin", "an origin is https://example.org, or * for any"
        )
    if mcp_stdio and (cors is not None or _is_option_typed("host", "port")):
        raise SettingsError("--mcp-stdio listens nowhere", "leave out --host, --port and --cors")
    logs.say("starting: reading the latest snapshot")
    try:
        from lineage.serve.app import Server, make_app
        from lineage.serve.pages import page_routes
        from lineage.serve.server import address_of_server_socket, open_server_socket, run_server
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn"):
            raise
        raise MissingExtra("the API and its pages", "serve") from error
    snapshots = _open_snapshots_of_serve_command(invocation)
    server = Server(snapshots)
    if mcp_stdio:
        _run_serve_mcp_command(server, snapshots)
        return
    try:
        bound = open_server_socket(host, port)
    except OSError as error:
        hint = "name another --host or --port"
        raise file_error(f"{host} port {port} is not available", error, hint) from error
    address = address_of_server_socket(bound)

    def say_ready() -> None:
        if invocation.format is Format.TABLE:
            click.echo(f"Listening at {address}, until Ctrl-C")
        else:
            click.echo(to_json({"url": address}))
        if sys.stdout is not None:
            sys.stdout.flush()

    with signals.stop_signal_requests() as stop:
        is_local = is_loopback_host(host)
        app = make_app(server, cors=cors, is_local=is_local, more=page_routes(server))
        run_server(app, bound, snapshots, stop, say_ready)
    server.close_server()
    logs.say(f"stopped: {signals.describe_interrupted_command_outcome()}")


def _open_snapshots_of_serve_command(invocation: Invocation) -> "OpenSnapshots":
    """Open the latest snapshot; a store that has none, or cannot be read, may have one later."""
    from lineage.cli import logs
    from lineage.domain.opt_outs import OptOuts
    from lineage.serve.open_snapshots import OpenSnapshots

    # Let the libraries log where and how this program does, and name every request
    house = logging.getLogger("lineage")
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = list(house.handlers), False
        logger.setLevel(max(house.level, logging.WARNING))
    logging.getLogger("lineage.serve.access").setLevel(logging.INFO)
    store, opt_outs = invocation.open_store(), OptOuts.parse(invocation.settings().opt_outs)
    snapshots = OpenSnapshots(store, invocation.known_families(), opt_outs.digest())
    try:
        snapshots.refresh_served_snapshots()
    except SettingsError:
        raise
    except LineageError as error:
        logs.say(f"warning: {error.message}")
    if snapshots.latest_served_snapshot is None:
        logs.say(f"no snapshot in {store.location} yet: answers are 503 until there is one")
    return snapshots


def _run_serve_mcp_command(server: "Server", snapshots: "OpenSnapshots") -> None:
    """Speak MCP on standard input and output until the input ends, or a signal comes."""
    import asyncio
    from threading import Event, Thread

    from lineage.cli import signals

    try:
        from lineage.serve.mcp_tools import serve_standard_streams
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise MissingExtra("tools for agents", "mcp") from error
    ended = Event()

    def speak() -> None:
        try:
            asyncio.run(serve_standard_streams(server))
        finally:
            ended.set()

    with signals.stop_signal_requests() as stop:
        Thread(target=snapshots.watch_served_snapshots, args=(ended, 1.0), daemon=True).start()
        # Reading standard input cannot be interrupted: the thread ends with the process.
        Thread(target=speak, daemon=True).start()
        while not (stop.wait(0.1) or ended.is_set()):
            pass
    ended.set()
    server.close_server()


def _is_origin_option(text: str) -> bool:
    """Say whether a text is what browsers send as Origin."""
    return text == "*" or re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+", text) is not None


def _is_option_typed(*names: str) -> bool:
    context = click.get_current_context()
    command_line = click.core.ParameterSource.COMMANDLINE
    return any(context.get_parameter_source(name) is command_line for name in names)
