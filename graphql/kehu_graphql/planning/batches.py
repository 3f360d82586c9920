"""Reads of resolvers that run in a reader's own thread, with no event loop: batched as far as they have come."""

from collections.abc import Callable, Coroutine, Generator, Hashable, Iterable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from kehu_graphql.kept_rules import KeptRules
from kehu_graphql.planning.shown import NotPlannedError
from kehu_graphql.reads import MAX_BATCH, Reads
from kehu_graphql.stopping import Reading

P = ParamSpec("P")
R = TypeVar("R")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Pause:
    """Awaited by a resolver that needs what is read next."""

    def __await__(self) -> Generator["_Pause", None, None]:
        yield self


_PAUSE = _Pause()


class BatchedReads(Reads):
    """What resolvers ask, over one connection, whose transaction is another's to begin and end.

    Resolvers run one after the other, each until it needs a batch; then what all of them need is read. None is asked
    twice. Errors are the database's own; NotPlannedError for work that is no read.
    """

    def __init__(self, connection: Connection, reading: Reading, rules: KeptRules) -> None:
        self._connection = connection
        self._reading = reading
        self._rules = rules
        self._once: dict[Hashable, Any] = {}
        self._known: dict[Hashable, dict[Any, Any]] = {}
        self._wanted: dict[Hashable, tuple[Callable[..., Mapping[Any, Any]], tuple[Any, ...], dict[Any, None]]] = {}

    def answers(self, work: Iterable[Coroutine[Any, Any, R]]) -> list[R]:
        """What each of them answers, in their order; they are begun as they are taken."""
        found: list[Any] = []
        waiting: list[tuple[int, Coroutine[Any, Any, Any]]] = []
        for place, each in enumerate(work):
            found.append(None)
            _step(place, each, found, waiting)
        while waiting:
            self._read_wanted()
            going, waiting = waiting, []
            for place, each in going:
                _step(place, each, found, waiting)
        return found

    async def together(self, work: Sequence[Coroutine[Any, Any, R]]) -> list[R]:
        """What each of them answers, their reads batched with all others."""
        found: list[Any] = [None] * len(work)
        waiting = list(enumerate(work))
        try:
            while waiting:
                going, waiting = waiting, []
                for place, each in going:
                    _step(place, each, found, waiting)
                if waiting:
                    await _PAUSE
        finally:
            for each in work:
                each.close()
        return found

    async def once(self, read: Callable[Concatenate[Connection, P], R], *args: P.args, **options: P.kwargs) -> R:
        """What `read` answers; arguments must be hashable."""
        key = (read, args, tuple(sorted(options.items())))
        if key not in self._once:
            self._reading.required()
            self._once[key] = self._rules.instead(read)(self._connection, *args, **options)
        found: R = self._once[key]
        return found

    async def one(
        self,
        read: Callable[Concatenate[Connection, Sequence[K], P], Mapping[K, V]],
        key: K,
        *args: P.args,
        **_: P.kwargs,
    ) -> V | None:
        """The value under `key`, read together with the other keys wanted meanwhile; None where absent."""
        batch = (read, args)
        known = self._known.setdefault(batch, {})
        if key not in known:
            self._wanted.setdefault(batch, (read, args, {}))[2][key] = None
            await _PAUSE
        found: V | None = known[key]
        return found

    async def aside(self, work: Callable[[], R]) -> R:
        """What `work` answers; this thread is no event loop's."""
        if work not in self._once:
            self._once[work] = work()
        found: R = self._once[work]
        return found

    async def beside(self, work: Callable[[Engine], R]) -> R:
        """NotPlannedError: long work waits for its turn, and this thread is for reads."""
        raise NotPlannedError(f"'{work}' reads for itself")

    def _read_wanted(self) -> None:
        wanted, self._wanted = self._wanted, {}
        for batch, (read, args, keys) in wanted.items():
            known = self._known[batch]
            asked = list(keys)
            for start in range(0, len(asked), MAX_BATCH):
                self._reading.required()
                some = asked[start : start + MAX_BATCH]
                found = self._rules.instead(read)(self._connection, some, *args)
                known.update((key, found.get(key)) for key in some)


def _step(
    place: int, work: Coroutine[Any, Any, Any], found: list[Any], waiting: list[tuple[int, Coroutine[Any, Any, Any]]]
) -> None:
    """Runs it up to its next pause, or to its end, which gives what was found at `place`."""
    try:
        pause = work.send(None)
    except StopIteration as end:
        found[place] = end.value
        return
    if pause is not _PAUSE:
        raise NotPlannedError(f"'{work}' waits for an event loop")
    waiting.append((place, work))
