"""What two records say for and against being one customer's, field by field."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import polars as pl

from kehu.identity.likeness import likeness, with_name_parts, with_slips
from kehu.identity.names import search_text

LEFT, RIGHT = "left_", "right_"
# Names at least this alike are 'like', the rest of those with anything in common 'near'.
_LIKE = 0.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field compared: `grades` from the least to the most alike; `of` gives the place among them.

    It is null where the field is unknown on either side: that says nothing. `value` is the column whose equal values
    make the highest grade, by which a rare value counts more than a common one.
    """

    field: str
    value: str
    grades: tuple[str, ...]
    of: Callable[[], pl.Expr]


def described(records: pl.DataFrame, generic_words: Collection[str]) -> pl.DataFrame:
    """The columns of records, as of `normalised`, that COMPARISONS look at, with their id."""
    city = search_text(records["city"]).str.strip_chars().str.strip_suffix("市").alias("city_key")
    columns = ("id", "name", "name_key", "phone_key", "phone_2_key", "email_key", "tax_code_key", "address_key")
    return with_name_parts(records.select(columns).with_columns(city), generic_words)


def graded(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs of described records, columns with LEFT and RIGHT before them, and the grade of each comparison."""
    spoken = with_slips(pairs, LEFT, RIGHT)
    return spoken.with_columns(comparison.of().cast(pl.Int8).alias(comparison.field) for comparison in COMPARISONS)


def _equal(column: str) -> Callable[[], pl.Expr]:
    return lambda: pl.col(LEFT + column) == pl.col(RIGHT + column)


def _name() -> pl.Expr:
    alike = likeness(LEFT, RIGHT)
    known = pl.col(LEFT + "name_key").is_not_null() & pl.col(RIGHT + "name_key").is_not_null()
    first = pl.col(LEFT + "name_key").str.slice(0, 1) == pl.col(RIGHT + "name_key").str.slice(0, 1)
    is_chinese = pl.col(LEFT + "name_key").str.contains(r"\p{Han}")
    grade = (
        pl.when(pl.col(LEFT + "name_key") == pl.col(RIGHT + "name_key"))
        .then(3)
        .when(alike >= _LIKE)
        .then(2)
        .when((alike > 0) | (is_chinese & first))
        .then(1)
        .otherwise(0)
    )
    return pl.when(known).then(grade)


def _phone() -> pl.Expr:
    numbers = [[pl.col(side + name) for name in ("phone_key", "phone_2_key")] for side in (LEFT, RIGHT)]
    shared = pl.any_horizontal((one == other).fill_null(value=False) for one in numbers[0] for other in numbers[1])
    known = pl.any_horizontal(each.is_not_null() for each in numbers[0]) & pl.any_horizontal(
        each.is_not_null() for each in numbers[1]
    )
    return pl.when(known).then(shared)


def _address() -> pl.Expr:
    left, right = pl.col(LEFT + "address_key"), pl.col(RIGHT + "address_key")
    number, street = (pattern for pattern in (r"(\d+)", r"(\p{L}+)"))
    near = (left.str.extract(number) == right.str.extract(number)) | (
        left.str.extract(street) == right.str.extract(street)
    )
    return pl.when(left == right).then(2).when(near).then(1).when(left.is_not_null() & right.is_not_null()).then(0)


COMPARISONS: tuple[Comparison, ...] = (
    Comparison("name", "name_key", ("different", "near", "like", "same"), _name),
    Comparison("phone", "phone_key", ("different", "same"), _phone),
    Comparison("email", "email_key", ("different", "same"), _equal("email_key")),
    Comparison("tax_code", "tax_code_key", ("different", "same"), _equal("tax_code_key")),
    Comparison("address", "address_key", ("different", "near", "same"), _address),
    Comparison("city", "city_key", ("different", "same"), _equal("city_key")),
)
