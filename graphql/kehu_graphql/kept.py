"""What was made of documents and is kept for the next request, within a bound on memory."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

V = TypeVar("V")
# The text of the document, then whatever else tells its entries apart.
Key = tuple[Any, ...]

# An entry counts for so many at least: short documents may be asked in many ways.
LEAST_CHARACTERS = 200


class Kept(Generic[V]):
    """The entries used last, whose keys have so many characters in all.

    By characters, as a parsed document takes up to 300 bytes for each: by number, a few hundred long documents would
    fill half a gigabyte.
    """

    def __init__(self, characters: int) -> None:
        self._free = characters
        self._entries: OrderedDict[Key, tuple[V, int]] = OrderedDict()

    def get(self, key: Key) -> V | None:
        """None for an entry never put or put long ago."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def __iter__(self) -> Iterator[V]:
        return (entry for entry, _ in self._entries.values())

    def put(self, key: Key, entry: V, *, more: int = 0) -> None:
        """The entries used longest ago go when there is no room; so does one that is too long for all of it.

        `more` are characters that the entry counts for beside its key's.
        """
        _, before = self._entries.pop(key, (None, 0))
        weight = _weight(key) + more
        self._entries[key] = entry, weight
        self._free += before - weight
        while self._free < 0:
            _, (_, freed) = self._entries.popitem(last=False)
            self._free += freed


def _weight(key: Key) -> int:
    return max(sum(len(part) for part in key if isinstance(part, str | bytes)), LEAST_CHARACTERS)
