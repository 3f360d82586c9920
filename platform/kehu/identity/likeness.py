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
    """The frame with `name_words`: of each `name` in letters alone its words, without `generic_words`.

    Those are words that every other name has too.
    """
    distinct = names.select("name", "name_key").unique()
    chinese = distinct["name_key"].str.contains(_HAN).fill_null(value=False)
    letters = distinct.filter(~chinese)
    spaced = search_text(letters["name"].str.replace_all(r"['’`´]", "")).str.replace_all(r"[^\p{L}\p{N}]+", " ")
    generic = pl.lit(pl.Series([list(generic_words)], dtype=pl.List(pl.String)))
    words = spaced.str.strip_chars().str.split(" ").to_frame("name_words")
    own = words.select(pl.col("name_words").list.unique().list.set_difference(generic).list.sort())
    parts = letters.with_columns(own["name_words"])
    return names.join(parts, on=["name", "name_key"], how="left", nulls_equal=True, maintain_order="left")


def with_slips(pairs: pl.DataFrame, left: str, right: str) -> pl.DataFrame:
    """The pairs with `slipped`: whether the Chinese names of both sides differ by one slip.

    Slips are looked for only where they can be: in names of about one length that begin or end alike.
    """
    key, other = pl.col(f"{left}name_key"), pl.col(f"{right}name_key")
    lengths = key.str.len_chars().cast(pl.Int64) - other.str.len_chars().cast(pl.Int64)
    ends = (key.str.head(1) == other.str.head(1)) | (key.str.tail(1) == other.str.tail(1))
    possible = (lengths.abs() <= 1) & ends & (key != other) & key.str.contains(_HAN) & other.str.contains(_HAN)
    looked = pairs.filter(possible).select(key=key, other=other).unique()
    names = pl.concat([looked["key"], looked["other"].alias("key")]).unique().to_frame("key")
    longest = min(names.select(pl.col("key").str.len_chars().max()).item() or 0, _LONGEST_SLIP)
    spoken = names.select("key", slips=slips(pl.col("key"), longest))
    both = looked.join(spoken, on="key").join(spoken, left_on="other", right_on="key", suffix="_other")
    found = both.filter(pl.col("slips").list.set_intersection("slips_other").list.len() > 0)
    marked = found.select(
        pl.col("key").alias(f"{left}name_key"), pl.col("other").alias(f"{right}name_key"), slipped=True
    )
    names_of_both = [f"{left}name_key", f"{right}name_key"]
    joined = pairs.join(marked, on=names_of_both, how="left", maintain_order="left")
    return joined.with_columns(pl.col("slipped").fill_null(value=False))


def likeness(left: str, right: str) -> pl.Expr:
    """How alike the names of two sides of a row are, from 0 to 1; the columns of each begin with its prefix.

    `slipped` is as `with_slips` gives it.

    Names in letters: the share of the shorter's own words that the other has too. Chinese names: 1 where one holds
    the other, they differ by a slip, or one is a surname with a title. Two persons' full names are alike when equal.
    """
    key, other = pl.col(f"{left}name_key"), pl.col(f"{right}name_key")
    words, others = pl.col(f"{left}name_words"), pl.col(f"{right}name_words")
    shared = words.list.set_intersection(others).list.len()
    fewest = pl.min_horizontal(words.list.len(), others.list.len())
    letters = pl.when(fewest > 0).then(shared / fewest).otherwise(0.0).fill_null(0.0)
    chinese = _holds(key, other) | _holds(other, key) | pl.col("slipped") | _titled(key, other) | _titled(other, key)
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


def slips(key: pl.Expr, longest: int = _LONGEST_SLIP) -> pl.Expr:
    """A text and what is left of it when any one character goes: two that share one of these differ by a slip.

    Nothing for a text that is unknown, or too short or too long to hold one. `longest` is how many characters no text
    exceeds, if fewer than slips are looked for in: it takes time for each.
    """
    length = key.str.len_chars()
    fits = length.is_between(_SLIP_CHARACTERS, longest)
    shorter = [pl.when(length > at).then(key.str.slice(0, at) + key.str.slice(at + 1)) for at in range(longest)]
    every = pl.concat_list(key, *shorter).list.drop_nulls().list.unique()
    return pl.when(fits).then(every).otherwise(pl.lit([], pl.List(pl.String)))


def _holds(whole: pl.Expr, part: pl.Expr) -> pl.Expr:
    return (part.str.len_chars() >= _PART_CHARACTERS) & whole.str.contains(part, literal=True)


def _titled(titled: pl.Expr, person: pl.Expr) -> pl.Expr:
    surname = titled.str.extract(_TITLED)
    return (person.str.contains(_PERSON) & person.str.starts_with(surname)).fill_null(value=False)
