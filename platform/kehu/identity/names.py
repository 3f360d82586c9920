"""Names to a comparable form: width, case, script, punctuation and legal suffixes taken away."""

from functools import cache

import opencc
import polars as pl

# Legal forms as they end a company's name: Chinese ones directly, Latin ones as words of their own.
CHINESE_FORMS = (
    "股份有限责任公司",
    "有限责任公司",
    "集团有限公司",
    "股份有限公司",
    "有限公司",
    "股份公司",
    "总公司",
    "公司",
)
LATIN_FORMS = (
    "ag", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "incorporated", "kg", "limited", "llc",
    "llp", "ltd", "ltda", "plc", "pte", "pty", "pvt", "sa", "sarl", "srl",
)  # fmt: skip
_CHINESE_FORM = rf"(?:{'|'.join(CHINESE_FORMS)})$"
_LATIN_FORMS = rf"(?: (?:{'|'.join(LATIN_FORMS)}))+$"
_CHINESE_BRANCH = r"分公司$"
# 顺达(上海)公司 and 上海市顺达公司 are ways to write one name.
_PLACE_TO_FRONT = (r"^([^()]+)\((\p{Han}{2,3}?)[市省]?\)", "${2}${1}")
_PLACE_WORD = (r"^\s*(\p{Han}{2,3}?)[市省]", "${1}")
# 杨华辉女士 is 杨华辉; 程先生 keeps what little it says.
_TITLE = (r"^([^ ]{2,}?) ?(?:先生|女士|小姐|太太|老师|师傅|经理)$", "${1}")
_APOSTROPHES = r"['’`´]"
# To look for equal ones among so few takes longer than to bring each to its form.
_FEW = 100
_BETWEEN_WORDS = r"[^\p{L}\p{N}]+"


def name_key(text: str) -> str | None:
    """The comparable form of one name; None when nothing is left of it."""
    keys: list[str | None] = name_keys(pl.Series([text])).to_list()
    return keys[0]


def name_keys(texts: pl.Series) -> pl.Series:
    """The comparable form of each name, aligned; null where nothing is left.

    Full width becomes half width, traditional characters simplified, letters lower case; punctuation,
    spaces and one legal suffix go. A place in brackets moves to the front and loses its 市 or 省, as a
    leading one does; a title behind a person's name goes. A branch (分公司) keeps its mark, so it never equals its
    parent.
    """
    if len(texts) <= _FEW:
        return _keys_of(texts)
    distinct = texts.drop_nulls().unique()
    known = distinct.to_frame("text").with_columns(_keys_of(distinct))
    return texts.to_frame("text").join(known, on="text", how="left", maintain_order="left")["key"]


def _keys_of(texts: pl.Series) -> pl.Series:
    plain = search_text(texts)
    placed = pl.when(~pl.col("name").str.contains(_CHINESE_BRANCH)).then(pl.col("name").str.replace(*_PLACE_TO_FRONT))
    leading = pl.coalesce(placed, "name").str.replace(*_PLACE_WORD).str.replace_all(_APOSTROPHES, "")
    spaced = leading.str.replace_all(_BETWEEN_WORDS, " ").str.strip_chars().str.replace(*_TITLE)
    words = plain.to_frame("name").select(spaced)["name"]
    column = pl.col("name").str.replace_all(" ", "", literal=True)
    latin = pl.col("name").str.replace(_LATIN_FORMS, "").str.replace_all(" ", "", literal=True)
    stripped = latin.str.replace(_CHINESE_FORM, "")
    bare = pl.when(column.str.contains(_CHINESE_BRANCH) | (stripped == "")).then(column).otherwise(stripped)
    keys = words.to_frame("name").select(pl.when(bare != "").then(bare).alias("key"))
    return keys.to_series()


def search_text(texts: pl.Series) -> pl.Series:
    """What a name search looks in: the name in lower case, half width and simplified characters."""
    return simplified(texts.str.normalize("NFKC")).str.to_lowercase()


def letters_alone(texts: pl.Series) -> pl.Series:
    """The letters and digits of each text, without what stands between them."""
    return texts.str.replace_all(_BETWEEN_WORDS, "")


def simplified(texts: pl.Series) -> pl.Series:
    """Each text with traditional characters made simplified ones, aligned, nulls kept."""
    is_chinese = texts.str.contains(r"\p{Han}")
    if not is_chinese.any():
        return texts
    if len(texts) <= _FEW:
        known = [
            _converter().convert(text) if chinese and "\n" not in text else text
            for text, chinese in zip(texts, is_chinese, strict=True)
        ]
        return pl.Series(texts.name, known, dtype=pl.String)
    chinese = texts.filter(is_chinese).unique()
    # One call for all: OpenCC's cost is in the call, and a line break never takes part in a conversion.
    single_line = chinese.filter(~chinese.str.contains("\n", literal=True))
    if single_line.is_empty():
        return texts
    converted = _converter().convert("\n".join(single_line)).split("\n")
    return texts.replace(single_line, pl.Series(converted, dtype=pl.String))


def looks_personal(column: str) -> pl.Expr:
    """Whether a Chinese name of two to four characters without a legal or shop word is likely a person's."""
    name = pl.col(column).str.normalize("NFKC").str.strip_chars()
    return name.str.contains(r"^\p{Han}{2,4}$") & ~name.str.contains("公司|店|厂|行|部|社|中心|集团|[厰廠館馆场場]$")


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
