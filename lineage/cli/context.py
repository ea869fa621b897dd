"""What every command stands on: the global options of one run, and the history they name."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from lineage.domain.definitions import Definition
from lineage.domain.files import (
    decode_utf8_text,
    expand_home_in_path,
    read_file_within_bound,
    read_regular_file,
)
from lineage.domain.subjects import Subject, SubjectKind, parse_subject
from lineage.errors import SettingsError, UnknownModel, file_error

if TYPE_CHECKING:
    # The program's help, and a look-up of one stored count, must not pay for loading these.
    from lineage.analysis.scope import Scope
    from lineage.domain.families import Family
    from lineage.settings import Settings
    from lineage.store.reader import Snapshot
    from lineage.store.store import ParquetStore

Answer = TypeVar("Answer")
DEFAULT = Definition()


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    SARIF = "sarif"
    """For `check` alone: what code hosts show beside the lines of a change."""
    LINES = "lines"
    """For `check` alone: a line a model."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options of one run, wherever they stood on its command line."""

    store: str | None = None
    cache: str | None = None
    families: str | None = None
    snapshot: str | None = None
    opt_outs_file: str | None = None
    format: Format = Format.TABLE

    def settings(self, flags: dict[str, Any] | None = None, *, token: bool = False) -> "Settings":
        """Return the settings under these options and a command's own flags.

        A command that asks no Hub needs no token, and does not pay for the search.
        """
        from lineage.settings import load_settings

        return load_settings(self.setting_flags() | (flags or {}), with_token=token)

    def setting_flags(self) -> dict[str, Any]:
        """Return the options that are settings, by the settings' names."""
        return {
            "store": self.store,
            "cache": self.cache,
            "families": self.families,
            "opt_outs": self.opt_outs_file,
        }

    def open_store(self) -> "ParquetStore":
        """Return the store that the options or the settings name; it applies the opt-outs."""
        from lineage.domain.opt_outs import OptOuts
        from lineage.store.store import ParquetStore

        # The store applies the opt-outs: no command can answer without them.
        settings = self.settings()
        return ParquetStore(settings.store, OptOuts.parse(settings.opt_outs), settings.cache)

    def open_snapshot(self, as_of: date | None = None, subjects: Sequence[str] = ()) -> "Snapshot":
        """Return the snapshot of --snapshot, else the one to ask about a day, else the latest.

        In a store of single families alone it is the latest that holds one of the subjects.
        """

        def holds_subject_option(snapshot: "Snapshot") -> bool:
            from lineage.analysis.scope import Scope
            from lineage.analysis.subjects import lists_subject

            scope = Scope(snapshot, self.known_families())
            return any(lists_subject(scope, subject) for subject in subjects)

        # A day is asked of the newest snapshot up to it: what a card said later is not known then.
        store = self.open_store()
        if as_of is not None and self.snapshot is None:
            return store.snapshot_at(as_of, holds_subject_option)
        return store.snapshot(self.snapshot, holds_subject_option)

    def open_scope(self, definition: Definition = DEFAULT, subjects: Sequence[str] = ()) -> "Scope":
        """Return what a question about subjects stands on: snapshot, registry and definition."""
        from lineage.analysis.scope import Scope

        snapshot = self.open_snapshot(definition.as_of, subjects)
        return Scope(snapshot.with_columns_held(), self.known_families(), definition)

    def find_family(self, text: str) -> "Family | None":
        """Return the family that a SUBJECT names; None where it names a model or a release."""
        from lineage.families.registry import family

        subject = read_subject_of_command_line(text)
        if subject.kind is SubjectKind.FAMILY:
            return family(subject.name, self.known_families())
        if subject.kind is not None or "/" in subject.name:
            return None
        id = subject.name.lower()
        return next((it for it in self.known_families() if it.id == id), None)

    def require_family(self, name: str) -> "Family":
        """Return the family that a SUBJECT names.

        Raises:
            UnknownModel: it names something else; the families there are stand in the hint.
        """
        from lineage.families.registry import family

        return self.find_family(name) or family(
            read_subject_of_command_line(name).name, self.known_families()
        )

    def known_families(self) -> "Sequence[Family]":
        """Return the bundled families and those that the options or the settings name."""
        from lineage.families.registry import lazy_families

        return lazy_families(self.settings().families)


def read_subject_of_command_line(text: str) -> Subject:
    """Return what a SUBJECT names; SettingsError where it is a data set or a Space."""
    try:
        return parse_subject(text)
    except ValueError as error:
        raise SettingsError(str(error), "a model is spelled owner/name") from error


def read_input_of_command_line(file: str, *, lenient: bool = False) -> str:
    """Return the text of a file that the user names, `-` for standard input; bounded, in UTF-8.

    Where lenient, letters in another encoding are replaced.

    Raises:
        SettingsError: it cannot be read; a pipe or a device is read as standard input alone.
    """
    try:
        if file != "-":
            content = read_regular_file(expand_home_in_path(file))
        else:  # closed by the shell (`<&-`), standard input is not there at all
            content = b"" if sys.stdin is None else read_file_within_bound(sys.stdin.buffer)
        return content.decode("utf-8-sig", "replace") if lenient else decode_utf8_text(content)
    except (OSError, ValueError) as error:
        hint = "name a file of text in UTF-8, or - for standard input"
        raise file_error(f"{file} cannot be read", error, hint) from error


def answer_each_argument(
    names: Sequence[str], ask: Callable[[str], Answer]
) -> tuple[list[Answer], UnknownModel | None]:
    """Return the answers about names, and what to raise once they are printed.

    Raises:
        UnknownModel: every name is unknown.
    """
    answers: list[Answer] = []
    unknown: list[UnknownModel] = []
    for name in names:
        try:
            answers.append(ask(name))
        except UnknownModel as error:
            unknown.append(error)
    if not unknown:
        return answers, None
    hints = dict.fromkeys(error.hint for error in unknown if error.hint)
    combined = UnknownModel("\n".join(it.message for it in unknown), "\n".join(hints))
    if not answers:
        raise combined
    return answers, combined
