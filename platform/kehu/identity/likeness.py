"""Whether two names that stand beside the same phone, mail or address can be one customer's."""

from collections.abc import Collection

import polars as pl

from kehu.identity.names import search_text

# A slip in a shorter name makes another name of it: 李静 and 李婧 are two persons.
_SLIP_CHARACTERS = 4
_LONGEST_SLIP = 24
# What is left of a name without its city or its ending still has to name somebody.
_PART_CHARACTERS = 3
# A branch is another customer than the company that it belongs to.
_BRANCH = "分公司"
_HAN = r"\p{Han}"
_TITLED = r"^(\p{Han})(?:先生|女士|小姐|太太|老师|师傅|经理)$"
_PERSON = r"^\p{Han}{2,3}$"


def with_name_parts(names: pl.DataFrame, generic_words: Collection[str]) -> pl.DataFrame:
    """The frame's `name` and `name_key` with what `likeness` compares: name_words, name_slips.

    `name_words` are the words of a name in letters, without `generic_words`, which every other name has too;
    `name_slips` are a Chinese name and what is left of it when any one character goes.
    """
    distinct = names.select("name", "name_key").unique()
    spaced = search_text(distinct["name"].str.replace_all(r"['’`´]", "")).str.replace_all(r"[^\p{L}\p{N}]+", " ")
    words = spaced.str.strip_chars().str.split(" ").alias("name_words")
    generic = pl.lit(pl.Series([list(generic_words)], dtype=pl.List(pl.String)))
    own = pl.col("name_words").list.unique(maintain_order=True).list.set_difference(generic).list.sort()
    parts = distinct.with_columns(words).with_columns(
        name_words=own, name_slips=slips(pl.when(pl.col("name_key").str.contains(_HAN)).then(pl.col("name_key")))
    )
    return names.join(parts, on=["name", "name_key"], how="left", nulls_equal=True, maintain_order="left")


def likeness(left: str, right: str) -> pl.Expr:
    """How alike the names of two sides of a row are, from 0 to 1; the columns of each begin with its prefix.

    Names in letters: the share of the shorter's own words that the other has too. Chinese names: 1 where one holds
    the other, they differ by a slip, or one is a surname with a title. Two persons' full names are alike when equal.
    """
    key, other = pl.col(f"{left}name_key"), pl.col(f"{right}name_key")
    words, others = pl.col(f"{left}name_words"), pl.col(f"{right}name_words")
    shared = words.list.set_intersection(others).list.len()
    fewest = pl.min_horizontal(words.list.len(), others.list.len())
    letters = pl.when(fewest > 0).then(shared / fewest).otherwise(0.0)
    slips = pl.col(f"{left}name_slips").list.set_intersection(pl.col(f"{right}name_slips")).list.len() > 0
    chinese = _holds(key, other) | _holds(other, key) | slips | _titled(key, other) | _titled(other, key)
    is_chinese = key.str.contains(_HAN) & other.str.contains(_HAN)
    one_branch = key.str.ends_with(_BRANCH) != other.str.ends_with(_BRANCH)
    return (
        pl.when(key == other)
        .then(1.0)
        .when(one_branch)
        .then(0.0)
        .when(is_chinese)
        .then(chinese.cast(pl.Float64))
        .otherwise(letters)
    )


def slips(key: pl.Expr) -> pl.Expr:
    """A text and what is left of it when any one character goes: two that share one of these differ by a slip.

    Nothing for a text that is unknown, or too short or too long to hold one.
    """
    length = key.str.len_chars()
    fits = length.is_between(_SLIP_CHARACTERS, _LONGEST_SLIP)
    shorter = [pl.when(length > at).then(key.str.slice(0, at) + key.str.slice(at + 1)) for at in range(_LONGEST_SLIP)]
    every = pl.concat_list(key, *shorter).list.drop_nulls().list.unique()
    return pl.when(fits).then(every).otherwise(pl.lit([], pl.List(pl.String)))


def _holds(whole: pl.Expr, part: pl.Expr) -> pl.Expr:
    return (part.str.len_chars() >= _PART_CHARACTERS) & whole.str.contains(part, literal=True)


def _titled(titled: pl.Expr, person: pl.Expr) -> pl.Expr:
    surname = titled.str.extract(_TITLED)
    return (person.str.contains(_PERSON) & person.str.starts_with(surname)).fill_null(value=False)
