"""Everything that can end a run, with what to do about it and the exit code that says so.

LineageError                 1
├── SettingsError            2   a setting or an argument is wrong
│   └── MissingExtra             an optional part of this package is not installed
├── SourceError              3   run again: recorded pages are kept, the walk goes on
│   ├── SourceUnavailable        the Hub did not answer properly, retries are spent
│   ├── AccessRefused            the Hub refuses the token or the repository
│   ├── RequestLimitReached      --max-requests is spent
│   ├── PageNotRecorded      4   --offline, and the page is not in the log: again would not help
│   └── UnexpectedPage           an answer that is not a listing in the known shape
│       └── QueryRefused             the Hub takes what was asked no more: an old cursor
├── SnapshotPruned           3   it was deleted while it was read: ask again
├── StoreLocked              3   another run is writing to the store; the message names it
├── StoreUnreachable         3   the object store did not answer: run again later
├── StoreError               4   look at it
│   ├── NoSuchSnapshot
│   ├── SnapshotDamaged
│   │   └── SchemaTooNew             written by a newer lineage
│   └── DraftRefused             the draft was set aside, with the reasons
├── UnknownSnapshot          5   no snapshot or draft has this id
└── UnknownModel             5   an unknown name; close spellings are offered

What the system refuses is one of these too: see `file_error`.
"""

import errno
from collections.abc import Sequence

from lineage.domain.files import words_of_os_error


class LineageError(Exception):
    """A run that cannot go on: the message says what happened, the hint what to do."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(LineageError):
    """A setting or an argument is wrong."""

    exit_code = 2


class MissingExtra(SettingsError):
    """An optional part of this package is not installed; the hint is the command that brings it."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(
            f"{purpose} need the extra {extra}",
            f"in the folder of its source: pip install '.[{extra}]'",
        )


class SourceError(LineageError):
    """The source could not be read to its end; running again goes on where it stopped."""

    exit_code = 3


class SourceUnavailable(SourceError):
    """The Hub did not answer properly and the retries are spent."""


class AccessRefused(SourceError):
    """The Hub refuses the token, or the repository to this token."""


class RequestLimitReached(SourceError):
    """The run's own bound on requests is spent; what was recorded is kept."""


class UnexpectedPage(SourceError):
    """An answer arrived whole, but it is not a listing in the known shape."""


class QueryRefused(UnexpectedPage):
    """The Hub answers 4xx to what was asked: it takes a cursor, or a field, no more."""


class SnapshotPruned(LineageError):
    """A snapshot was deleted by another run while it was read: nothing is wrong with the store."""

    exit_code = 3

    def __init__(self, id: str) -> None:
        super().__init__(f"snapshot {id} was pruned meanwhile", "ask again: another one answers")


class StoreLocked(LineageError):
    """Another run is writing to the store; the message says which."""

    exit_code = 3


class StoreUnreachable(LineageError):
    """The object store on which the store lies did not answer properly; retries are spent."""

    exit_code = 3


class StoreError(LineageError):
    """Something about the store needs a human."""

    exit_code = 4


class PageNotRecorded(SourceError):
    """The page is not in the log and the network may not be asked."""

    exit_code = StoreError.exit_code


class NoSuchSnapshot(StoreError):
    """The store holds no such snapshot."""


class NamesOptedOut(NoSuchSnapshot):
    """The snapshot that an update would go on from names somebody who is to be forgotten."""


class SnapshotDamaged(StoreError):
    """A published file is not what the manifest says."""


class SchemaTooNew(SnapshotDamaged):
    """The snapshot was written by a newer version of lineage."""


class DraftRefused(StoreError):
    """The draft failed its checks and was set aside."""


class UnknownSnapshot(LineageError):
    """No snapshot, or no draft that was set aside, has this id."""

    exit_code = 5


class UnknownModel(LineageError):
    """No model, release or family has this name; candidates are subjects, the best first."""

    exit_code = 5

    def __init__(self, message: str, hint: str = "", candidates: Sequence[str] = ()) -> None:
        super().__init__(message, hint)
        self.candidates = tuple(candidates)


# Rights and space are missing in the same way whichever file is meant: somebody must look at it.
_NEEDS_A_HUMAN = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS),
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
    }
)


def file_error(what: str, error: Exception, hint: str = "") -> LineageError:
    """Return the error that the system's refusal of a file is.

    It ends with 4 where rights or space are missing or a disk fails, else with 2: the file that
    somebody named is none, or lies nowhere.
    """
    needs_a_human = getattr(error, "errno", None) in _NEEDS_A_HUMAN
    return (StoreError if needs_a_human else SettingsError)(
        f"{what}: {words_of_os_error(error)}", hint
    )
