"""A workflow for GitHub Actions."""

import textwrap
from collections.abc import Mapping

from lineage.errors import SettingsError
from lineage.schedule.interval import as_cron
from lineage.schedule.plan import Plan
from lineage.schedule.units.yaml_text import quoted
from lineage.version import __version__

_PATTERN_CHARACTERS = frozenset("*?[]!~{}")
"""What the cache and artifact actions read as a pattern."""


def workflow(plan: Plan) -> Mapping[str, str]:
    """Spell a plan as lineage.yml, for .github/workflows."""
    kept = [plan.cache] if plan.store_is_remote else [plan.store, plan.cache]
    for path in kept:
        if _PATTERN_CHARACTERS.intersection(path):
            raise SettingsError(
                f"a workflow would read {path!r} as a pattern", "name another folder"
            )
    return {"lineage.yml": _text(plan)}


def _text(plan: Plan) -> str:
    steps = textwrap.indent(_steps(plan), " " * 6)
    return f"""\
# lineage {__version__}: a crawl, and more where the Hub could not be read to its end.
# Put this file into .github/workflows of a repository. It runs on the default branch alone.
{_about_the_store(plan)}
name: lineage
on:
  schedule:
    # UTC. GitHub may start late, and drops turns at busy times; the next one makes up for it.
    - cron: {quoted(as_cron(plan.every))}
  workflow_dispatch:
permissions:
  contents: read
# One run at a time: the store's own lock cannot be seen from another runner.
concurrency:
  group: lineage
  cancel-in-progress: false
env:
{_environment(plan)}
jobs:
  crawl:
    runs-on: ubuntu-latest
    timeout-minutes: 300
    steps:
{steps}"""


def _environment(plan: Plan) -> str:
    variables = plan.environment(plan.store, plan.cache)
    return "\n".join(f"  {name}: {_literal(value)}" for name, value in variables.items())


def _about_the_store(plan: Plan) -> str:
    if plan.store_is_remote:
        return (
            "# The store is an object store: give the step `crawl` its credentials from secrets "
            "too."
        )
    return (
        "# The history is carried from run to run in GitHub's cache, which GitHub may empty: to "
        "keep it\n# for years, name an object store with --store, or use a machine of your own."
    )


def _steps(plan: Plan) -> str:
    folders = ["${{ env.LINEAGE_CACHE }}"]
    if not plan.store_is_remote:
        folders.insert(0, "${{ env.LINEAGE_STORE }}")
    paths = "\n".join(f"      {folder}" for folder in folders)
    steps = f"""\
- uses: actions/setup-python@v5
  with:
    python-version: "3.12"
- run: python -m pip install llama-lineage=={__version__}
- uses: actions/cache/restore@v4
  with:
    key: lineage-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
    restore-keys: lineage-
    path: |
{paths}
# Exit code 3 is retried here: the Hub could not be read to its end, and the crawl goes on.
- name: crawl
  run: lineage schedule run --once
  env:
    # Settings, Secrets and variables, Actions; without one the crawl takes twice as long.
    HF_TOKEN: ${{{{ secrets.HF_TOKEN }}}}
# Whatever happened: pages that were read need not be asked for again.
- uses: actions/cache/save@v4
  if: always()
  with:
    key: lineage-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
    path: |
{paths}
"""
    return steps if plan.store_is_remote else steps + _PUBLISHED


_PUBLISHED = """\
- uses: actions/upload-artifact@v4
  with:
    name: snapshots
    path: ${{ env.LINEAGE_STORE }}
"""


def _literal(text: str) -> str:
    """Spell a text that GitHub shall not take for an expression."""
    return quoted(text.replace("${{", "${{ '${{' }}"))
