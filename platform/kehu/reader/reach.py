"""How far along an order a page of customers is looked for before all who meet the condition are sorted."""

from math import ceil, prod

from kehu.reader.conditions import Compare, Condition, Every, InLevel, Not, Some

# A level's customers are not spread evenly over an order, and their number is known to a power of two.
_AMPLE = 4
# What is expected to hold for one customer in so many, where nobody counted; that names one value of very many.
_ELSEWHERE, _NAMED = 8, 256


def reach_of(condition: Condition, rows: int) -> int | None:
    """In how many customers so many are expected that meet the condition, amply.

    None where no level's members are known, or where those are more than all that meet it: looking in vain may take
    as long as sorting these, no longer.
    """
    share = _share(condition)
    if not share:
        return None
    reach = ceil(_AMPLE * rows / share)
    return reach if reach <= share * _among(condition) else None


def has_few(condition: Condition, rows: int) -> bool:
    """Whether the members of its levels are known to be so few that sorting them is less than looking for `rows`."""
    return bool(_among(condition)) and reach_of(condition, rows) is None


def about(members: int) -> int:
    """The number down to a power of two, so that statements are not made anew for each."""
    return 1 << members.bit_length() >> 1


def _share(condition: Condition) -> float:
    match condition:
        case InLevel(members=members, among=among) if among:
            return min(members / among, 1.0)
        case Every(parts):
            return prod(map(_share, parts))
        case Some(parts):
            return max(map(_share, parts), default=0.0)
        case Not(part):
            return 1.0 - _share(part)
        case Compare(field="uid" | "name" | "owner" | "city", comparison="eq" | "in"):
            return 1 / _NAMED
        case _:
            return 1 / _ELSEWHERE


def _among(condition: Condition) -> int:
    match condition:
        case InLevel(among=among):
            return among
        case Every(parts) | Some(parts):
            return max(map(_among, parts), default=0)
        case Not(part):
            return _among(part)
        case _:
            return 0
