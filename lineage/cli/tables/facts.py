"""What runs, snapshots and looks at a Hub say of themselves, as aligned lines for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.availability import in_short
from lineage.analysis.definition_text import Line
from lineage.cli.tables.terminal import INDENT, lines, quoted
from lineage.domain.availability import Availability
from lineage.store.manifest import Manifest, Origin


class Finding(Protocol):
    """One thing looked at: `ok` is None where nothing can be said."""

    @property
    def name(self) -> str: ...
    @property
    def ok(self) -> bool | None: ...
    @property
    def says(self) -> str: ...


def crawl(
    manifest: Manifest,
    requests: Mapping[str, int],
    seconds: float,
    more: Sequence[Line] = (),
) -> RenderableType:
    """Return what a crawl did; `requests` has sent, replayed, retried and refused_429."""
    words = {"refused_429": "refused by the rate limit"}
    told = ", ".join(f"{number:,} {words.get(name, name)}" for name, number in requests.items())
    facts = [
        ("snapshot", f"{manifest.id}, {_kind(manifest)}"),
        ("models", f"{manifest.models:,}"),
        ("edges", f"{manifest.edges:,}"),
        ("bad rows", f"{manifest.bad_rows:,}"),
        ("tombstones", f"{manifest.tombstones:,}"),
        ("requests", told),
        ("seconds", f"{seconds:,.1f}"),
        *more,
    ]
    return lines(facts)


def snapshots(manifests: Sequence[Manifest]) -> RenderableType:
    """Return a row for each snapshot."""
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    for name in ("id", "kind", "builds on"):  # the id is the moment it was taken
        table.add_column(name, no_wrap=True)
    for name in ("models", "edges", "tombstones"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in manifests:
        numbers = (f"{n:,}" for n in (one.models, one.edges, one.tombstones))
        below = "" if one.builds_on is None else quoted(one.builds_on.id)
        table.add_row(quoted(one.id), one.origin.kind.value, below, *numbers)
    return Padding(table, INDENT, expand=False)


def snapshot(
    manifest: Manifest, standings: Mapping[Availability | None, int] | None = None
) -> RenderableType:
    """Return everything that a snapshot says of itself; with what became of the missing."""
    origin = manifest.origin
    told = in_short(standings or {})
    registry = ", ".join(f"{name} {version}" for name, version in origin.registry.items())
    unread = ", ".join(f"{name} {n:,}x" for name, n in manifest.unread_fields.items())
    facts: list[Line] = [
        ("snapshot", f"{manifest.id}, {_kind(manifest)}"),
        ("taken", f"{origin.taken_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("published", f"{manifest.published_at:%Y-%m-%d %H:%M:%S} UTC"),
        *_dump(origin),
        ("previous", manifest.previous or "none"),
        ("builds on", "nothing" if manifest.builds_on is None else manifest.builds_on.id),
        ("models", f"{manifest.models:,}"),
        ("edges", f"{manifest.edges:,}"),
        ("bad rows", f"{manifest.bad_rows:,}"),
        ("tombstones", f"{manifest.tombstones:,}" + (f": {told}" if told else "")),
        ("unread", unread or "nothing"),
        ("registry", registry or "none"),
        ("written by", f"{manifest.written_by}, schema {manifest.schema_version}"),
    ]
    checks = [(check.name, check.passed, check.notes) for check in manifest.checks]
    return Stack(lines(facts), Text(), _files(manifest), Text(), _looked_at(checks))


def verification(
    manifest: Manifest, problems: Sequence[str], harmed: Sequence[str]
) -> RenderableType:
    """Return whether a snapshot's files are as they were published, and which others it harms."""
    if problems:
        found = [("file", False, problem) for problem in problems]
        upon = [("builds on it", False, id) for id in harmed]
        return _looked_at([*found, *upon])
    says = f"{len(manifest.files)} files of {manifest.id} are as they were published"
    if manifest.builds_on is not None:
        says += f"; so is what they need of {manifest.builds_on.id}"
    return _looked_at([("files", True, says)])


def examination(
    found: Sequence[Finding], models: int, requests: int, minutes: float | None
) -> RenderableType:
    """Return what was looked at, with a mark: good, bad or not known; then a sweep's cost."""
    pace = "how long is not known" if minutes is None else f"some {max(minutes, 1):,.0f} min"
    cost = f"{requests:,} requests for about {models:,} models, {pace}"
    return _looked_at([*((one.name, one.ok, one.says) for one in found), ("a sweep", None, cost)])


def _looked_at(found: Sequence[tuple[str, bool | None, str]]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, ok, says in found:
        grid.add_row(_mark(ok), quoted(name), quoted(says))
    return Padding(grid, INDENT, expand=False)


def _mark(ok: bool | None) -> Text:
    if ok is None:
        return Text("·", style="dim")
    return Text("ok", style="green") if ok else Text("bad", style="bold red")


def _files(manifest: Manifest) -> RenderableType:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("file", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("bytes", justify="right", no_wrap=True)
    for name, facts in sorted(manifest.files.items()):
        table.add_row(quoted(name), f"{facts.rows:,}", f"{facts.bytes:,}")
    return Padding(table, INDENT, expand=False)


def _dump(origin: Origin) -> list[Line]:
    if not origin.dump:
        return []
    keys = "; keys stand in that are made of names" if "keys" in origin.dump else ""
    lacks = origin.dump.get("missing") or "nothing"
    return [("dump", f"{origin.dump.get('file')}, lacks {lacks}{keys}")]


def _kind(manifest: Manifest) -> str:
    origin = manifest.origin
    what = f"{origin.kind} {origin.below}" if origin.below else f"{origin.kind}"
    return f"{what}, from {origin.endpoint}"
