"""Islands of records joined by keys, parted again only where a limit or a person's decision demands it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from kehu.identity.components import components

CONTESTED_SCHEMA = {"rule": pl.Int32(), "key": pl.String(), "id": pl.Int64(), "because": pl.String()}
PARTED_SCHEMA = {"id": pl.Int64(), "island": pl.Int64()}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an island must not hold: columns id, limit, value with at most `most[limit]` values; pairs kept apart."""

    values: pl.DataFrame
    most: Mapping[str, int]
    apart: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Islands:
    """`numbers`: each id's island, aligned. `contested`: the keys refused, columns rule, key, id of a bearer, because.

    `parted`: columns id, island (the least id of it), the records of islands that broke a bound, as they were before.
    """

    numbers: pl.Series
    contested: pl.DataFrame
    parted: pl.DataFrame


def islands(ids: pl.Series, keys: pl.DataFrame) -> pl.Series:
    """The component number of every id, aligned with `ids`; `keys` has columns id, key."""
    rows = pl.DataFrame({"id": ids}).with_row_index("row")
    borne = keys.select("id", mark=pl.col("key").hash()).join(rows, on="id").select("mark", "row")
    marks, places = (borne[name].to_numpy() for name in ("mark", "row"))
    order = np.argsort(marks)
    marks, places = marks[order], places[order]
    # Each bearer of a key beside the next one of it; digests of 64 bits tell the keys of any load apart.
    beside = marks[1:] == marks[:-1]
    return pl.Series("island", components(len(ids), places[:-1][beside], places[1:][beside]))


def bounded_islands(ids: pl.Series, keys: pl.DataFrame, bounds: Bounds) -> Islands:
    """The same within bounds.

    An island that breaks a bound is built anew from its keys, the stronger rule first, then by the key's text; a key
    that would break one is refused whole. So the outcome depends on content, never on the order of the records.
    """
    joined = islands(ids, keys)
    broken = _broken(pl.DataFrame({"id": ids, "island": joined}), bounds)
    if broken.is_empty():
        return Islands(joined, pl.DataFrame(schema=CONTESTED_SCHEMA), pl.DataFrame(schema=PARTED_SCHEMA))
    inside = pl.DataFrame({"id": ids, "island": joined}).filter(pl.col("island").is_in(broken.implode()))
    parted, contested = _parted(inside, keys, bounds)
    first_free = int(joined.max()) + 1  # type: ignore[arg-type]  # there are islands, or none would be broken
    numbers = {number: first_free + place for place, number in enumerate(parted.values())}
    moved = pl.DataFrame({"id": list(parted), "part": [numbers[part] for part in parted.values()]}, orient="col")
    aligned = pl.DataFrame({"id": ids, "island": joined}).join(
        moved.cast({"part": joined.dtype}), on="id", how="left", maintain_order="left"
    )
    whole = inside.select("id", island=pl.col("id").min().over("island"))
    return Islands(aligned.select(pl.coalesce("part", "island"))["part"].alias("island"), contested, whole)


def _broken(members: pl.DataFrame, bounds: Bounds) -> pl.Series:
    """The islands that hold too many values of a limit, or two records that are to be apart."""
    if bounds.values.is_empty() and bounds.apart.is_empty():
        return members["island"].clear()
    held = bounds.values.join(members, on="id").group_by("island", "limit").agg(pl.col("value").n_unique())
    most = pl.col("limit").replace_strict(dict(bounds.most), return_dtype=pl.Int64, default=None)
    many = held.filter(pl.col("value") > most)["island"] if bounds.most else held["island"].clear()
    left = bounds.apart.join(members, left_on="left", right_on="id")
    both = left.join(members, left_on=["right", "island"], right_on=["id", "island"])["island"]
    return pl.concat([many, both]).unique()


@dataclass(slots=True)
class _Parts:
    """Records united one key at a time: a union-find whose roots know what their part holds."""

    most: Mapping[str, int]
    above: dict[int, int] = field(default_factory=dict)
    members: dict[int, set[int]] = field(default_factory=dict)
    values: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    enemies: dict[int, set[int]] = field(default_factory=dict)

    def root(self, record: int) -> int:
        while self.above[record] != record:
            self.above[record] = self.above[self.above[record]]
            record = self.above[record]
        return record

    def objection(self, roots: AbstractSet[int], limits: Mapping[str, int]) -> str:
        """What stands against uniting the parts: the name of a limit, 'decision', or '' for nothing."""
        held: dict[str, set[str]] = defaultdict(set)
        for root in roots:
            for limit, values in self.values[root].items():
                held[limit] |= values
        # A record that breaks a limit by itself does not stand against others with the same values.
        for limit in sorted(limits):
            widest = max((len(self.values[root].get(limit, ())) for root in roots), default=0)
            if len(held[limit]) > max(limits[limit], widest):
                return limit
        members: set[int] = set().union(*(self.members[root] for root in roots))
        foes: set[int] = set().union(*(self.enemies[root] for root in roots))
        return "decision" if members & foes else ""

    def unite(self, roots: AbstractSet[int]) -> None:
        keeper, *rest = sorted(roots, key=lambda root: -len(self.members[root]))
        for root in rest:
            self.above[root] = keeper
            self.members[keeper] |= self.members.pop(root)
            self.enemies[keeper] |= self.enemies.pop(root)
            for limit, values in self.values.pop(root).items():
                self.values[keeper].setdefault(limit, set()).update(values)


def _parted(inside: pl.DataFrame, keys: pl.DataFrame, bounds: Bounds) -> tuple[dict[int, int], pl.DataFrame]:
    """The part of every record of broken islands, and the refused keys.

    This walks the keys one by one: each depends on what those before it joined, and there are few such islands.
    """
    ids = inside["id"].to_list()
    parts = _Parts(
        bounds.most, {i: i for i in ids}, {i: {i} for i in ids}, {i: {} for i in ids}, {i: set() for i in ids}
    )
    for record, limit, value in bounds.values.join(inside, on="id", how="semi").select("id", "limit", "value").rows():
        parts.values[record].setdefault(limit, set()).add(value)
    pairs = bounds.apart.select("left", "right").rows()
    apart = [(left, right) for left, right in pairs if left in parts.above and right in parts.above]
    for left, right in apart:
        parts.enemies[left].add(right)
        parts.enemies[right].add(left)
    refused = list(_united(parts, keys.join(inside, on="id", how="semi"), apart))
    contested = pl.DataFrame(refused, schema=CONTESTED_SCHEMA, orient="row")
    return {i: parts.root(i) for i in ids}, contested


def _united(parts: _Parts, keys: pl.DataFrame, apart: Sequence[tuple[int, int]]) -> Iterator[tuple[int, str, int, str]]:
    grouped = keys.group_by("rule", "key").agg(pl.col("id").unique().sort()).filter(pl.col("id").list.len() > 1)
    for rule, key, bearers in _in_order(grouped):
        roots = {parts.root(record) for record in bearers}
        # Who was told apart from others leaves a key to them; otherwise one split would part all that the key joins.
        left = roots - _told_apart(parts, roots, apart)
        # What a person decided counts more than a limit.
        because = parts.objection(left, limits=parts.most if rule >= 0 else {})
        if because or not left:
            yield rule, key, bearers[0], because or "decision"
        elif len(left) > 1:
            parts.unite(left)


def _told_apart(parts: _Parts, roots: AbstractSet[int], apart: Sequence[tuple[int, int]]) -> set[int]:
    pairs = ((parts.root(left), parts.root(right)) for left, right in apart)
    return {right for left, right in pairs if left != right and left in roots and right in roots}


def _in_order(grouped: pl.DataFrame) -> Iterable[tuple[int, str, list[int]]]:
    return grouped.sort("rule", "key").select("rule", "key", "id").iter_rows()
