"""E-mail addresses and tax codes to one comparable form, checked where they can be."""

import polars as pl

_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"

# GB 32100-2015: the unified social credit code's alphabet, position weights 3^i mod 31, check character.
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_CREDIT_CODE = rf"^[{_ALPHABET}]{{18}}$"


def email_key(text: str) -> str | None:
    """The address in lower case without spaces around; None when it is none."""
    keys: list[str | None] = email_keys(pl.Series([text])).to_list()
    return keys[0]


def email_keys(texts: pl.Series) -> pl.Series:
    """Each address in lower case, aligned; null where it is none."""
    plain = pl.col("key").str.normalize("NFKC").str.strip_chars().str.to_lowercase()
    return texts.to_frame("key").select(pl.when(plain.str.contains(_EMAIL)).then(plain)).to_series()


def tax_code_key(text: str) -> str | None:
    """The unified social credit code in capitals; None when its length or check character is wrong."""
    keys: list[str | None] = tax_code_keys(pl.Series([text])).to_list()
    return keys[0]


def tax_code_keys(texts: pl.Series) -> pl.Series:
    """Each unified social credit code in capitals, aligned; null where the check character is wrong."""
    distinct = texts.drop_nulls().unique()
    plain = distinct.str.normalize("NFKC").str.replace_all(r"[\s\-]", "").str.to_uppercase()
    shaped = pl.DataFrame({"text": distinct, "key": plain}).filter(pl.col("key").str.contains(_CREDIT_CODE))
    if shaped.is_empty():
        return pl.repeat(None, len(texts), dtype=pl.String, eager=True).alias("key")
    known = shaped.filter(_is_checked(pl.col("key")))
    return texts.to_frame("text").join(known, on="text", how="left", maintain_order="left")["key"]


def _is_checked(code: pl.Expr) -> pl.Expr:
    total = pl.sum_horizontal(_character_value(code, place) * weight for place, weight in enumerate(_WEIGHTS))
    return (31 - total % 31) % 31 == _character_value(code, 17)


def _character_value(code: pl.Expr, place: int) -> pl.Expr:
    values = {character: number for number, character in enumerate(_ALPHABET)}
    return code.str.slice(place, 1).replace_strict(values, default=None, return_dtype=pl.Int64)
