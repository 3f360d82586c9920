"""Customers that may be one, for a person to decide: candidates, scored by what their records say."""

import numpy as np
import polars as pl

from kehu.identity.evidence import COMPARISONS, LEFT, RIGHT, described, graded
from kehu.identity.rules import IdentityRules
from kehu.identity.scoring import Weights, chances, estimate, scored

# Columns whose equal values bring two records together, and the fields of which such a block can tell nothing.
_BLOCKS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("phone_key", "phone_2_key"), ("phone",)),
    (("email_key",), ("email",)),
    (("address_key",), ("address",)),
    (("name_key",), ("name",)),
    (("tax_code_key",), ("tax_code",)),
)
_MOST_TOGETHER = 40
_RANDOM_PAIRS = 200_000
_SEED = 20_240_101
# Pairs are compared so many at a time: what is compared of them takes a hundred times the memory of their numbers.
_PIECE = 100_000
_SIZES = {comparison.field: len(comparison.grades) for comparison in COMPARISONS}
_RARITY = {comparison.field: f"rarity_{comparison.field}" for comparison in COMPARISONS}


def suggested(records: pl.DataFrame, rules: IdentityRules, *, least: float) -> pl.DataFrame:
    """Pairs of customers that are one with probability `least` or more, the surest first.

    `records` comes from `normalised` and has uid. Columns left_uid, right_uid, left_id, right_id (the two records that
    say most), probability, and of each field its grade (null: unknown) and `bits_<field>`.
    """
    sides = _distinct(records, rules)
    if len(sides) < 2:  # noqa: PLR2004  # a pair
        return _nothing()
    blocks = [_pairs(sides, columns) for columns, _ in _BLOCKS]
    customer = sides["uid"].rank("dense")
    apart = pl.concat([block.filter(customer[block["row"]] != customer[block["row_other"]]) for block in blocks])
    if apart.is_empty():
        return _nothing()
    weights = _weights(sides, blocks)
    ready = _with_rarity(sides)
    found = pl.concat(_likely(piece, ready, weights, least) for piece in apart.unique().iter_slices(_PIECE))
    swapped = pl.col(f"{LEFT}uid") > pl.col(f"{RIGHT}uid")
    ordered = found.with_columns(
        pl.when(swapped).then(f"{one}{name}").otherwise(f"{other}{name}").alias(f"{other}{name}")
        for one, other in ((RIGHT, LEFT), (LEFT, RIGHT))
        for name in ("uid", "id")
    )
    best = ordered.sort(
        ["probability", f"{LEFT}uid", f"{RIGHT}uid", f"{LEFT}row", f"{RIGHT}row"], descending=[True, *[False] * 4]
    ).unique([f"{LEFT}uid", f"{RIGHT}uid"], keep="first", maintain_order=True)
    return best.select(_nothing().columns)


def _nothing() -> pl.DataFrame:
    names = {f"{LEFT}uid": pl.String(), f"{RIGHT}uid": pl.String(), f"{LEFT}id": pl.Int64(), f"{RIGHT}id": pl.Int64()}
    fields = {field: pl.Int8() for field in _SIZES} | {f"bits_{field}": pl.Float64() for field in _SIZES}
    return pl.DataFrame(schema={**names, "probability": pl.Float64(), **fields})


def _distinct(records: pl.DataFrame, rules: IdentityRules) -> pl.DataFrame:
    """Described records, of equal ones of a customer the first, numbered `row` in an order made of content."""
    every = described(records, rules.generic_words).join(records.select("id", "uid"), on="id")
    said = ["uid", "name", *(f"{name}_key" for name in ("phone", "phone_2", "email", "tax_code", "address", "city"))]
    ordered = every.sort(*said, "id", nulls_last=True).unique(said, keep="first", maintain_order=True)
    return ordered.with_row_index("row")


def _pairs(sides: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Two sides that share a value of the columns; of a value that many share, none."""
    frames = [sides.select("row", value=column).drop_nulls() for column in columns]
    bearers = pl.concat(frames).unique().filter(pl.len().over("value").is_between(2, _MOST_TOGETHER))
    joined = bearers.join(bearers, on="value", suffix="_other").filter(pl.col("row") < pl.col("row_other"))
    return joined.select("row", "row_other").unique()


def _sides(pairs: pl.DataFrame, sides: pl.DataFrame) -> pl.DataFrame:
    left = sides.select(pl.all().name.prefix(LEFT))
    right = sides.select(pl.exclude(_RARITY.values()).name.prefix(RIGHT))
    return left[pairs["row"]].hstack(right[pairs["row_other"]])


def _likely(pairs: pl.DataFrame, sides: pl.DataFrame, weights: Weights, least: float) -> pl.DataFrame:
    """What is left of the pairs, scored, without what only the scorer asks for."""
    rarity = {field: f"{LEFT}{column}" for field, column in _RARITY.items()}
    each = scored(graded(_sides(pairs, sides)), weights, rarity).filter(pl.col("probability") >= least)
    return each.select(*_nothing().columns, f"{LEFT}row", f"{RIGHT}row")


def _grades(pairs: pl.DataFrame, sides: pl.DataFrame) -> pl.DataFrame:
    parts = [graded(_sides(piece, sides)).select(*_SIZES) for piece in pairs.iter_slices(_PIECE)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=dict.fromkeys(_SIZES, pl.Int8()))


def _weights(sides: pl.DataFrame, blocks: list[pl.DataFrame]) -> Weights:
    dice = np.random.default_rng(_SEED)
    drawn = dice.integers(0, len(sides), size=(2, min(_RANDOM_PAIRS, len(sides) ** 2)))
    random = pl.DataFrame({"row": drawn[0], "row_other": drawn[1]}).filter(pl.col("row") != pl.col("row_other"))
    u = chances(_grades(random, sides), _SIZES)
    every = len(sides) * (len(sides) - 1) / 2
    joined = sides.group_by("uid").len().select((pl.col("len").cast(pl.Int64) * (pl.col("len") - 1) / 2).sum()).item()
    # One prior for all pairs: as many as the keys have joined already, or one.
    prior = min(max(joined, 1.0) / every, 0.5)
    return estimate([_grades(block, sides) for block in blocks], [fields for _, fields in _BLOCKS], u, prior)


def _with_rarity(sides: pl.DataFrame) -> pl.DataFrame:
    """With the share of sides that bear the value of each comparison, of those that have one."""
    return sides.with_columns(
        pl.when(pl.col(each.value).is_not_null())
        .then(pl.len().over(each.value) / pl.col(each.value).count())
        .alias(_RARITY[each.field])
        for each in COMPARISONS
    )
