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
    """The entries used last, whose documents have so many characters in all.

    By characters, as a parsed document takes up to 300 bytes for each: by number, a few hundred long documents would
    fill half a gigabyte.
    """

    def __init__(self, characters: int) -> None:
        self._free = characters
        self._entries: OrderedDict[Key, V] = OrderedDict()

    def get(self, key: Key) -> V | None:
        """None for an entry never put or put long ago."""
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def __iter__(self) -> Iterator[V]:
        return iter(self._entries.values())

    def put(self, key: Key, entry: V) -> None:
        """The entries used longest ago go when there is no room; so does one that is too long for all of it."""
        if key not in self._entries:
            self._free -= _weight(key)
        self._entries[key] = entry
        while self._free < 0:
            gone, _ = self._entries.popitem(last=False)
            self._free += _weight(gone)


def _weight(key: Key) -> int:
    return max(len(key[0]), LEAST_CHARACTERS)
