"""Rolls: who is in which level and whom which warning is about, a column of yes and no each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from kehu.rules.places import Mask, places_of

# Rule set, and level or warning.
Key = tuple[str, str]
Lists = Mapping[Key, pl.Series]


@dataclass(frozen=True, slots=True)
class Roll:
    """By rule set and level, and by rule set and warning, a column that says it of each of the customers.

    Customers are in any order, each there once. The columns are boolean without nulls.
    """

    customers: pl.Series
    members: Lists
    firing: Lists

    def __len__(self) -> int:
        """How many memberships and warnings there are."""
        return sum(int(each.sum()) for lists in (self.members, self.firing) for each in lists.values())

    def kept(self, among: pl.Series) -> "Roll":
        """The customers for whom `among` is true."""
        members, firing = ({key: each.filter(among) for key, each in of.items()} for of in (self.members, self.firing))
        return Roll(self.customers.filter(among), members, firing)


@dataclass(frozen=True, slots=True)
class Listed:
    """Customers on lists of a roll: by key the places in `customers`, ascending. Keys with nobody may be there."""

    customers: pl.Series
    places: Lists
    code: str

    def __len__(self) -> int:
        """How many memberships or warnings that is."""
        return sum(map(len, self.places.values()))

    def parts(self) -> Iterator[tuple[Key, pl.Series]]:
        """Each key that has somebody, and its customers."""
        for key, places in self.places.items():
            if len(places):
                yield key, self.customers.gather(places)

    def frame(self) -> pl.DataFrame:
        """Columns customer, ruleset and `code`: key by key."""
        named = [
            pl.DataFrame({"customer": customers}).with_columns(pl.lit(key[0]).alias("ruleset"), self._coded(key))
            for key, customers in self.parts()
        ]
        return pl.concat([pl.DataFrame(schema=_schema(self.code)), *named])

    def without(self, rows: pl.DataFrame) -> "Listed":
        """The same but for the rows of customer, ruleset and `code`."""
        places = dict(self.places)
        for key, numbers in _by_key(rows, self.code):
            if key in places:
                out = rows["customer"].gather(numbers)
                places[key] = places[key].filter(~self.customers.gather(places[key]).is_in(out.implode()))
        return Listed(self.customers, places, self.code)

    def _coded(self, key: Key) -> pl.Expr:
        return pl.lit(key[1]).alias(self.code)


def everybody(customers: pl.Series, lists: Lists, code: str) -> Listed:
    """Whoever the lists name; `code` is 'level' or 'warning'."""
    return Listed(customers, {key: each.arg_true() for key, each in lists.items()}, code)


def in_rows(listed: Listed) -> pl.DataFrame:
    """Columns customer, ruleset and the code, by rule set in the order of the keys, then customer as in the roll."""
    by_ruleset: dict[str, list[pl.DataFrame]] = {}
    for (ruleset, code), places in listed.places.items():
        words = {"ruleset": pl.lit(ruleset), listed.code: pl.lit(code)}
        by_ruleset.setdefault(ruleset, []).append(pl.DataFrame({"place": places}).with_columns(**words))
    parts = [pl.DataFrame(schema={"place": pl.UInt32(), "ruleset": pl.String(), listed.code: pl.String()})]
    parts += [pl.concat(found).sort("place", maintain_order=True) for found in by_ruleset.values()]
    rows = pl.concat(parts)
    return rows.select(listed.customers.gather(rows["place"]).alias("customer"), "ruleset", listed.code)


def is_listed(customers: pl.Series, lists: Lists, rows: pl.DataFrame, code: str) -> pl.Series:
    """Of each row (customer, ruleset and `code`), whether it is on the list."""
    found = np.zeros(len(rows), dtype=np.bool_)
    for key, numbers in _by_key(rows, code):
        if key in lists:
            places, there = places_of(rows["customer"].gather(numbers), customers)
            found[numbers.to_numpy()] = there & lists[key].to_numpy()[places] if len(customers) else there
    return pl.Series("listed", found)


def difference(old: pl.Series, old_lists: Lists, new: pl.Series, new_lists: Lists, code: str) -> tuple[Listed, Listed]:
    """Who is on the new lists and not on the old, and the other way round; the two may know different customers."""
    if old.equals(new):
        return _onto(new, new_lists, old_lists, code), _onto(old, old_lists, new_lists, code)
    return (
        _onto(new, new_lists, _moved(old_lists, old, new, new_lists), code),
        _onto(old, old_lists, _moved(new_lists, new, old, old_lists), code),
    )


def _onto(customers: pl.Series, lists: Lists, others: Lists, code: str) -> Listed:
    """Who is on the lists and not on the others, which are of the same customers."""
    places = {key: (each & ~others[key] if key in others else each).arg_true() for key, each in lists.items()}
    return Listed(customers, places, code)


def _moved(lists: Lists, known: pl.Series, customers: pl.Series, keys: Iterable[Key]) -> dict[Key, pl.Series]:
    """The lists of those keys that are there, told of other customers: no where nothing is known of them."""
    places, there = places_of(customers, known)
    return {key: pl.Series(_taken(lists[key], places, there)) for key in keys if key in lists}


def _taken(each: pl.Series, places: npt.NDArray[np.int64], there: Mask) -> Mask:
    return there & each.to_numpy()[places] if len(each) else there


def _by_key(rows: pl.DataFrame, code: str) -> Iterator[tuple[Key, pl.Series]]:
    for (ruleset, name), group in rows.with_row_index("row number").group_by("ruleset", code):
        yield (str(ruleset), str(name)), group["row number"]


def _schema(code: str) -> dict[str, pl.DataType]:
    return {"customer": pl.Int64(), "ruleset": pl.String(), code: pl.String()}
