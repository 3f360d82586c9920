"""Rolls: who is in which level and whom which warning is about, a column of yes and no each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from kehu.rules.places import Mask, Places, places_of

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


def patched(roll: Roll, whom: pl.Series, members: pl.DataFrame, firing: pl.DataFrame) -> Roll:
    """The roll in which what the rows say of the customers `whom` counts instead of what was known of them.

    The rows have customer, ruleset, and level or warning. Of those whom they do not name nothing is known any more.
    """
    others = roll.kept(~roll.customers.is_in(whom.implode()))
    named = pl.concat([members["customer"], firing["customer"]]).unique().sort()
    customers = pl.concat([others.customers, named])
    return Roll(
        customers,
        _extended(others.members, customers, members, "level"),
        _extended(others.firing, customers, firing, "warning"),
    )


def _extended(lists: Lists, customers: pl.Series, rows: pl.DataFrame, code: str) -> Lists:
    """The lists told of the customers, of whom they know the first; the rows are about the others."""
    keys = list(dict.fromkeys([*lists, *(key for key, _ in _by_key(rows, code))]))
    masks = {key: np.zeros(len(customers), dtype=np.bool_) for key in keys}
    for key, each in lists.items():
        masks[key][: len(each)] = each.to_numpy()
    for key, numbers in _by_key(rows, code):
        places, _ = places_of(rows["customer"].gather(numbers), customers)
        masks[key][places] = True
    return {key: pl.Series(mask) for key, mask in masks.items()}


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
    moved, gone = _moved(old, old_lists, new)
    added = {key: (each & ~moved[key] if key in moved else each).arg_true() for key, each in new_lists.items()}
    lost = {key: (each & ~new_lists[key] if key in new_lists else each).arg_true() for key, each in moved.items()}
    strays = gone.arg_true()
    if len(strays):
        for key, each in old_lists.items():
            found = each.gather(strays).arg_true() + len(new)
            lost[key] = pl.concat([lost[key], found.cast(lost[key].dtype)])
    return Listed(new, added, code), Listed(pl.concat([new, old.gather(strays)]), lost, code)


def _moved(known: pl.Series, lists: Lists, customers: pl.Series) -> tuple[Lists, pl.Series]:
    """The lists told of other customers, no where nothing is known of them; and which of the known are not there."""
    if known.equals(customers):
        return lists, pl.Series([], dtype=pl.Boolean)
    places, there = places_of(customers, known)
    gone = np.ones(len(known), dtype=np.bool_)
    gone[places[there]] = False
    return {key: pl.Series(_taken(each, places, there)) for key, each in lists.items()}, pl.Series(gone)


def _taken(each: pl.Series, places: Places, there: Mask) -> Mask:
    return there & each.to_numpy()[places] if len(each) else there


def _by_key(rows: pl.DataFrame, code: str) -> Iterator[tuple[Key, pl.Series]]:
    for (ruleset, name), group in rows.with_row_index("row number").group_by("ruleset", code):
        yield (str(ruleset), str(name)), group["row number"]


def _schema(code: str) -> dict[str, pl.DataType]:
    return {"customer": pl.Int64(), "ruleset": pl.String(), code: pl.String()}
