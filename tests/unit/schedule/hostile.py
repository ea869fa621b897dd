"""Paths and addresses that would say something else in a unit that did not spell them well."""

from datetime import timedelta

from hypothesis import strategies as st

from lineage.errors import SettingsError
from lineage.schedule.plan import Plan

DAY = timedelta(days=1)
HOSTILE = (
    "/a b/  c",
    "/quo\"tes\" and 'others'",
    "/per%cent %h %% %i",
    "/dollar $HOME ${HOME} $(id) $$ $",
    "/back\\slash \\n \\x41 \\ x",
    "/semi; id; #comment `id` & | > < *",
    "/${{ secrets.HF_TOKEN }}",
    "/yaml: - {a: b} [c] !!x &y *z",
    "/ümläut/模型/🦙",
    "/'; DROP ' \"",
)
NOT_IN_A_UNIT = ("/new\nline", "/nul\x00", "/bidi\u202eknil", "/trailing ", "/half\ud800", "/end\\")


def a_plan(store: str = "snapshots", cache: str = "cache", **more: object) -> Plan:
    """A plan with plain values for what the test does not care about."""
    plain = {"program": "/usr/bin/true", "folder": "/srv/lineage", "user": "root"}
    return Plan(DAY, store, cache, **(plain | more))  # type: ignore[arg-type]


def _takes(path: str) -> bool:
    try:
        a_plan(path)
    except SettingsError:
        return False
    return True


PATHS = st.text(min_size=1, max_size=60).map(lambda text: "/srv/" + text).filter(_takes)


COMMANDS = (
    "notify --to me",
    "'/opt/my tools/notify' --to 'you & me' \"$HOME\"",
    "python -c 'import sys; print(sys.stdin.read())' %h %% $$ $(id) ${{ secrets.HF_TOKEN }}",
    '"/opt/notify" \\$x #y ; z | w > v',
    "sh -c 'LINEAGE=1; echo $(HF_TOKEN) `id`' !!x &y *z - {a: b}",
    "/opt/ümläut/模型 🦙",
)
"""Commands as one types them, full of what schedulers and YAML would read as their own."""
