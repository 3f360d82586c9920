"""Names of customers, and the variants under which the departments know them."""

from dataclasses import dataclass

import numpy as np
import opencc
import polars as pl

from kehu.generate import phones, places
from kehu.generate.calendar import COMPANY, PERSON
from kehu.generate.columns import either
from kehu.generate.dice import Block, Ints, blocks, chance, pick, stream
from kehu.generate.population import Population
from kehu.generate.words import (
    BRAND,
    COMPANY_ENDINGS,
    GIVEN,
    HOMOPHONES,
    PER_INDUSTRY,
    RARE_GIVEN,
    RARE_PLACES,
    SHOP_TRADES,
    SURNAMES,
    TRADES,
)

CLEAN, WRITTEN_OTHERWISE, SECOND_PHONE, MISSPELT, NO_PHONE = range(5)
VARIANTS = 5
SECOND_SLOT, STAFF_SLOT = 1, 2  # phone slots are customers * kind of slot + index

_RARE_SHARE = 0.004
_SHARED_PHONE_SHARE = 0.004
_TRADITIONAL_SHARE = 0.35  # of misspelt variants; up to the next share one is missing, beyond two are swapped
_DROPPED_BELOW = 0.7
_BRANDS = len(BRAND)


@dataclass(frozen=True, slots=True)
class Directory:
    """Names and telephones of everyone; entry `customer * VARIANTS + variant` is one way to write that customer.

    CLEAN is the full name with the main number as it is; WRITTEN_OTHERWISE changes suffix, brackets or spaces and the
    number's format; SECOND_PHONE is another number; MISSPELT has traditional characters or a slip; NO_PHONE has junk.
    """

    names: pl.Series
    phones: pl.Series

    def name(self, customer: Ints, variant: Ints | int) -> pl.Series:
        """The names of these customers, each in its variant."""
        return self.names.gather(customer * VARIANTS + variant)

    def phone(self, customer: Ints, variant: Ints | int) -> pl.Series:
        """The telephones that go with `name`."""
        return self.phones.gather(customer * VARIANTS + variant)


def directory(population: Population, seed: int) -> Directory:
    """Name everyone. Different customers share a number only on purpose, persons may share a name."""
    names: list[pl.Series] = []
    numbers: list[pl.Series] = []
    for block in blocks(population.customers):
        rng = stream(seed, "names", block.number)
        names.append(_interleave(_name_variants(population, block, rng)))
        numbers.append(_interleave(_phone_variants(population, block, seed, rng)))
    return Directory(pl.concat(names), pl.concat(numbers))


def person_names(rng: np.random.Generator, size: int, *, rare: float = _RARE_SHARE) -> pl.Series:
    """Surname and given name; a share `rare` has a character that GBK cannot hold."""
    weights = 1.0 / np.arange(8, 8 + len(SURNAMES))
    surname = pl.Series(SURNAMES).gather(pick(rng, weights, size))
    first, second = (pl.Series(GIVEN).gather(rng.integers(0, len(GIVEN), size)) for _ in range(2))
    first = either(chance(rng, size, 0.75), first, "")
    odd = pl.Series(RARE_GIVEN).gather(rng.integers(0, len(RARE_GIVEN), size))
    second = either(chance(rng, size, rare), odd, second)
    return surname + first + second


def _main_slots(block: Block, rng: np.random.Generator) -> Ints:
    """The phone slot of each customer of the block; a few use the number of the customer before them."""
    slot = np.arange(block.start, block.stop)
    shared = chance(rng, slot.size, _SHARED_PHONE_SHARE)
    return np.where(shared & (slot > 0), slot - 1, slot)


def _name_variants(population: Population, block: Block, rng: np.random.Generator) -> list[pl.Series]:
    span = slice(block.start, block.stop)
    kind, city = population.kind[span], population.city[span]
    size = kind.size
    frame = pl.DataFrame(
        {
            "kind": kind,
            "person": person_names(rng, size),
            "city": places.NAMES.gather(city),
            "short_city": places.SHORT_NAMES.gather(city),
            "brand": _brands(rng, size),
            "trade": TRADES.gather(population.industry[span].clip(min=0) * PER_INDUSTRY + population.trade[span]),
            "shop": pl.Series(SHOP_TRADES).gather(rng.integers(0, len(SHOP_TRADES), size)),
            "ending": pl.Series(COMPANY_ENDINGS).gather(pick(rng, (0.86, 0.07, 0.05, 0.02), size)),
            "style": rng.integers(0, 7, size),
            "slip": rng.random(size),
            "at": rng.integers(1, 4, size),
        }
    ).with_columns(name=_full_name())
    otherwise = frame.select(_other_name()).to_series()
    return [frame["name"], otherwise, frame["name"], _misspelt(frame), frame["name"]]


def _full_name() -> pl.Expr:
    company = pl.concat_str("city", "brand", "trade", "ending")
    shop = pl.concat_str("short_city", "brand", "shop")
    return _nth(pl.col("kind"), [company, shop, pl.col("person")])


def _other_name() -> pl.Expr:
    """The same name as another clerk writes it: by kind (COMPANY, SHOP, PERSON) and by `style`, 0 to 6."""
    style, name = pl.col("style"), pl.col("name")
    surname, given = pl.col("person").str.slice(0, 1), pl.col("person").str.slice(1)
    company = [
        pl.concat_str("brand", "trade"),
        pl.format("{}{}{}有限责任公司", "city", "brand", "trade"),
        pl.format("{}{}({})有限公司", "brand", "trade", "short_city"),
        pl.format("{}{}（{}）有限公司", "brand", "trade", "short_city"),
        pl.format("{}{}{}公司", "short_city", "brand", "trade"),
        pl.format("{}(上海)分公司", name),
        pl.format(" {} ", name),
    ]
    brief, with_owner = pl.concat_str("brand", "shop"), pl.format("{}({})", name, "person")
    shop = [brief, brief, brief, with_owner, with_owner, pl.format("{} ", name)]
    mister, madam = pl.format("{}先生", surname), pl.format("{}女士", "person")
    person = [mister, mister, madam, madam, pl.format("{} {}", surname, given), pl.format("{} ", name)]
    return _nth(pl.col("kind"), [_nth(style, company), _nth(style, shop), _nth(style, person)])


def _nth(index: pl.Expr, choices: list[pl.Expr]) -> pl.Expr:
    """The choice with that number; the last one for all beyond."""
    *rest, chosen = choices
    for number, choice in reversed(list(enumerate(rest))):
        chosen = pl.when(index == number).then(choice).otherwise(chosen)
    return chosen


def _misspelt(frame: pl.DataFrame) -> pl.Series:
    """Persons get a character that sounds alike, others one too few or two swapped; a share is traditional."""
    name, at = pl.col("name"), pl.col("at")
    misheard = name.str.slice(0, 1) + name.str.slice(1).str.replace_many(HOMOPHONES)
    dropped = pl.concat_str(name.str.slice(0, at), name.str.slice(at + 1))
    swapped = pl.concat_str(
        name.str.slice(0, at), name.str.slice(at + 1, 1), name.str.slice(at, 1), name.str.slice(at + 2)
    )
    slipped = pl.when(pl.col("slip") < _DROPPED_BELOW).then(dropped).otherwise(swapped)
    result = frame.select(pl.when(pl.col("kind") == PERSON).then(misheard).otherwise(slipped)).to_series()
    traditional = (frame["slip"] < _TRADITIONAL_SHARE).arg_true()
    return result.scatter(traditional, to_traditional(frame["name"].gather(traditional)))


def to_traditional(text: pl.Series) -> pl.Series:
    """The same words in traditional characters (OpenCC s2t); one call for all, because each call costs."""
    if not text.len():
        return text
    return pl.Series(opencc.OpenCC("s2t").convert("\n".join(text.to_list())).split("\n"))


def _brands(rng: np.random.Generator, size: int) -> pl.Series:
    first, second, third = (pl.Series(BRAND).gather(rng.integers(0, _BRANDS, size)) for _ in range(3))
    third = either(chance(rng, size, 0.45), third, "")
    rare = pl.Series(RARE_PLACES).gather(rng.integers(0, len(RARE_PLACES), size))
    plain = first + second + third
    return either(chance(rng, size, _RARE_SHARE), rare + plain, plain)


def _phone_variants(population: Population, block: Block, seed: int, rng: np.random.Generator) -> list[pl.Series]:
    slot = np.arange(block.start, block.stop)
    main = phones.mobiles(seed, _main_slots(block, rng))
    second = phones.mobiles(seed, slot + population.customers * SECOND_SLOT)
    landline = phones.landlines(seed, slot, population.city[block.start : block.stop])
    is_office = (population.kind[block.start : block.stop] == COMPANY) & chance(rng, slot.size, 0.6)
    second = either(is_office, landline, second)
    return [main, phones.written(rng, main, noisy=1.0), second, main, phones.junk(rng, slot.size)]


def _interleave(variants: list[pl.Series]) -> pl.Series:
    rows = variants[0].len()
    order = np.arange(rows * len(variants)).reshape(len(variants), rows).T.ravel()
    return pl.concat(variants).gather(order)
