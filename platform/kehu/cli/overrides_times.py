"""From when until when an override counts, as people write it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kehu.cli.options import read_instant
from kehu.model.durations import parse_duration
from kehu.model.problems import Place, Problem, RefusedError
from kehu.workspace.workspace import Workspace

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Times:
    """The options --from, --until and --for, of which the last two exclude each other; '' where left out."""

    starts: str
    until: str
    lasting: str

    @property
    def places(self) -> Mapping[str, Place]:
        """Where the start and the expiry are said."""
        return {"starts_at": Place("--from"), "expires_at": Place("--for" if self.lasting else "--until")}

    def read(
        self, workspace: Workspace, now: datetime
    ) -> tuple[tuple[datetime | None, datetime | None], tuple[Problem, ...]]:
        """Start and expiry, None where nothing or nothing readable is said, and what is wrong; --for counts from `now`.

        With --from it counts from there.
        """
        place = self.places["expires_at"]
        start, wrong = _tried(self.starts, lambda: read_start(self.starts, workspace, self.places["starts_at"]))
        if self.lasting:
            expiry, more = _tried(self.lasting, lambda: after(start or now, self.lasting, place))
        else:
            expiry, more = _tried(self.until, lambda: read_expiry(self.until, workspace, place))
        return (start, expiry), wrong + more


def read_start(text: str, workspace: Workspace, place: Place) -> datetime:
    """The first instant that counts, in UTC; of a day alone its beginning. Raises RefusedError at `place`."""
    instant = read_instant(text, workspace, place)
    if ":" in text:
        return instant
    return read_instant(f"{datetime.fromisoformat(text).date()}T00:00", workspace, place)


def read_expiry(text: str, workspace: Workspace, place: Place) -> datetime:
    """The first instant that counts no longer, in UTC; a day alone counts to its end. Raises RefusedError."""
    instant = read_instant(text, workspace, place)
    return instant if ":" in text else instant + _TICK


def after(start: datetime, length: str, place: Place) -> datetime:
    """The instant a length of time such as '90 days' after the start. Raises RefusedError at `place`."""
    try:
        return start + parse_duration(length)
    except ValueError as error:
        remedy = "write a whole number and minutes, hours, days or weeks: '90 days'"
        raise RefusedError([Problem(place, "duration", f"'{length}' is no length of time", remedy)]) from error
    except OverflowError as error:
        said = f"'{length}' after {start:%Y-%m-%d} is beyond the year 9999"
        raise RefusedError([Problem(place, "duration", said, "without it the decision has no end")]) from error


def _tried(text: str, read: Callable[[], datetime]) -> tuple[datetime | None, tuple[Problem, ...]]:
    if not text:
        return None, ()
    try:
        return read(), ()
    except RefusedError as error:
        return None, error.problems
