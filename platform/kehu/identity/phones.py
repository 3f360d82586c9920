"""Phone numbers to one comparable form, E.164 or a local number, with junk left out."""

from collections.abc import Iterable

import phonenumbers
import polars as pl

# Numbers people type when they do not want to give one. A carrier's own hotline belongs here too.
JUNK_PHONES = frozenset(
    {"+8613800138000", "+8613912345678", "+8613812345678", "+8613888888888", "+8618888888888", "+8613666666666"}
)
_MOBILE = r"^(?:\+?86|0086)?(1[3-9]\d{9})$"
_ABROAD = r"^(?:\+86|0086)(1[3-9]\d{9})$"
# A shorter one is a hotline or half a number.
_LOCAL_DIGITS = 7
_SAME_DIGIT = rf"^(?:\+(?:86)?)?(?:{'|'.join(f'{digit}+' for digit in range(10))})(?:;phone-context=\+\d+)?$"


def phone_key(text: str, region: str) -> str | None:
    """E.164 of one number; None when it is no possible number or a junk one.

    `region` is the country that numbers without a prefix belong to.
    """
    keys: list[str | None] = phone_keys(pl.Series([text]), region).to_list()
    return keys[0]


def phone_keys(texts: pl.Series, region: str) -> pl.Series:
    """E.164 for each text, aligned; null where a text is null, no valid number, or junk.

    A number given without its area code, where the country allows that, keeps its digits and the country's.

    Chinese mobiles take a fast path in bulk; what is left goes through phonenumbers, once per distinct text.
    """
    mobile = _MOBILE if region == "CN" else _ABROAD
    compact = pl.col("plain").str.replace_all(r"[\s\-().·]", "")
    plain = texts.to_frame("plain").select(pl.col("plain").str.normalize("NFKC").str.strip_chars())
    both = plain.with_columns(key="+86" + compact.str.extract(mobile, 1))
    slow = both["plain"].filter(both["key"].is_null() & both["plain"].is_not_null())
    key = pl.col("key")
    if not slow.is_empty():
        parsed = _parse_each(slow.unique(), region)
        found = pl.col("plain").replace_strict(
            list(parsed), list(parsed.values()), default=None, return_dtype=pl.String
        )
        both = both.with_columns(key=pl.coalesce(key, found))
    known = ~key.is_in(list(JUNK_PHONES)) & ~key.str.contains(_SAME_DIGIT)
    return both.select(pl.when(known).then(key)).to_series()


def _parse_each(texts: Iterable[str], region: str) -> dict[str, str]:
    # phonenumbers knows every country's plan but parses one number at a time: the one row loop of this room.
    keys = {}
    for text in texts:
        key = _parse(text, region)
        if key is not None:
            keys[text] = key
    return keys


def _parse(text: str, region: str) -> str | None:
    spoken = text.replace("转", " ext. ").replace("轉", " ext. ")
    if spoken.startswith("00"):
        spoken = "+" + spoken[2:]
    try:
        number = phonenumbers.parse(spoken, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return _local(number)


def _local(number: phonenumbers.PhoneNumber) -> str | None:
    """A number without its area code as RFC 3966 writes it: it is one only among its neighbours."""
    digits = phonenumbers.national_significant_number(number)
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY or len(digits) < _LOCAL_DIGITS:
        return None
    return f"{digits};phone-context=+{number.country_code}"
