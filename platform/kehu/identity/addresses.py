"""Street addresses to a comparable form: the house number and the street's own word."""

import polars as pl

from kehu.identity.names import search_text

_DIRECTIONS = "north|south|east|west|northeast|northwest|southeast|southwest|n|s|e|w|ne|nw|se|sw"
# Words that say what kind of way it is. English ones end a street's name, Romance ones begin it.
_ENDINGS = (
    "street|str|st|avenue|ave|av|road|rd|boulevard|blvd|drive|dr|place|pl|court|ct|lane|ln|parkway|pkwy|highway|hwy|"
    "way|terrace|ter|square|sq|strasse|platz|weg"
)
_BEGINNINGS = (
    "rua|rue|via|viale|calle|avenida|avda|av|boulevard|bd|place|plaza|praca|piazza|da|de|do|del|di|la|le|las|los"
)
_UNITS = (
    r" (?:suite|ste|apt|apartment|unit|room|rm|floor|fl|(?:first|second|third|fourth|\d+(?:st|nd|rd|th)) floor)\b.*$"
)
# 浦东新区张江路88号3楼 is the house 88 on 张江路, whatever stands before and behind.
_REGION = r"^.*(?:省|市|区|县|镇|乡|街道)"
_ROAD = r"(\p{Han}{1,8}?(?:大道|公路|胡同|路|街|道|巷|里|弄))"
_CHINESE_HOUSE = rf"{_ROAD}(\d+(?:[-之]\d+)?)(?:号|弄|\D|$)"
# To look for equal ones among so few takes longer than to bring each to its form.
_FEW = 100
_BOX = r"\bp ?o box (\d+)\b"


def address_key(text: str) -> str | None:
    """The comparable form of one address; None when it names no house."""
    keys: list[str | None] = address_keys(pl.Series([text])).to_list()
    return keys[0]


def address_keys(texts: pl.Series) -> pl.Series:
    """House number and street of each address, aligned; null where one of them is not there.

    City, postcode, direction, kind of street, floor and room are left out: two houses that share number and street
    name in two towns have the same key, so it never joins customers without a name that fits.
    """
    if len(texts) <= _FEW:
        return _keys_of(texts)
    distinct = texts.drop_nulls().unique()
    known = distinct.to_frame("address").with_columns(_keys_of(distinct))
    return texts.to_frame("address").join(known, on="address", how="left", maintain_order="left")["key"].rename("key")


def _keys_of(texts: pl.Series) -> pl.Series:
    plain = search_text(texts.str.normalize("NFKD").str.replace_all(r"\p{Mn}", "")).to_frame("text")
    keys = plain.select(key=pl.coalesce(_chinese_house(pl.col("text")), _latin_house(_words(pl.col("text")))))
    return keys["key"]


def _chinese_house(text: pl.Expr) -> pl.Expr:
    bare = text.str.replace_all(r"\s", "").str.replace(_REGION, "")
    return bare.str.extract(_CHINESE_HOUSE, 1) + bare.str.extract(_CHINESE_HOUSE, 2)


def _words(text: pl.Expr) -> pl.Expr:
    """Letters and digits with single spaces; '24 th' is a street's name and so one word."""
    spaced = text.str.replace_all(r"['’]", "").str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return spaced.str.replace_all(r"\b(\d+) (st|nd|rd|th)\b", "${1}${2}")


def _latin_house(words: pl.Expr) -> pl.Expr:
    has_no_han = ~words.str.contains(r"\p{Han}")
    number = words.str.extract(r"(?:^| )(\d+[a-z]?)(?: |$)")
    behind = words.str.extract(r"(?:^|.*? )\d+[a-z]? (.*)$").fill_null("")
    before = words.str.extract(r"^(.*?)(?:^| )\d+[a-z]?(?: |$)").fill_null("")
    street = pl.coalesce(_street(behind), _street(before))
    box = pl.lit("box ") + words.str.extract(_BOX)
    return pl.when(has_no_han).then(pl.coalesce(box, number + pl.lit(" ") + street))


def _street(words: pl.Expr) -> pl.Expr:
    """The first word that is a street's own, null where there is none."""
    bare = (" " + words).str.replace(_UNITS, "").str.strip_chars()
    bare = bare.str.replace(r"^(?:\d+ )+", "").str.replace(rf"(?: (?:{_ENDINGS}))+$", "")
    # 'west north avenue' keeps its north: only a direction with a word behind it is one.
    bare = bare.str.replace(rf"^(?:{_DIRECTIONS}) ", "").str.replace(rf"^(?:(?:{_BEGINNINGS}) )+", "")
    return bare.str.replace(r"^saint ", "st ").str.extract(r"^((?:st )?[\p{L}\p{N}]+)")
