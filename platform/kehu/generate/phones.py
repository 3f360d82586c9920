"""Telephone numbers, and the many ways a clerk writes one."""

import numpy as np
import polars as pl

from kehu.generate import places
from kehu.generate.dice import Floats, Ints, pick, scatter
from kehu.generate.words import JUNK_PHONES

_BLOCKS = ((130, 140), (147, 148), (150, 154), (155, 160), (166, 167), (170, 171), (173, 174), (175, 179), (180, 190))
_OPERATORS = pl.Series([prefix for block in (*_BLOCKS, (191, 192), (198, 200)) for prefix in range(*block)]).cast(
    pl.String
)
_SPACE = 3_999_999_979  # the largest prime below 40 operators times 10^8 numbers: slots never collide
_STEP = 2_654_435_761
_DASHED, _SPOKEN = 60, 80  # of 900 landlines, so many have an extension behind a dash, and up to so many any

# (before, between, after): how the eleven digits 3-4-4 are written; the first is the clean form
_STYLES = (
    ("", "", ""),
    ("", "-", ""),
    ("", " ", ""),
    ("+86 ", "", ""),
    ("+86", "", ""),
    ("0086", "", ""),
    ("+86-", "-", ""),
    ("(+86)", "", ""),
    ("86", "", ""),
    (" ", "", "  "),
)
_FULL_WIDTH = len(_STYLES)
_WIDE_DIGITS = {str(digit): chr(0xFF10 + digit) for digit in range(10)}
NOISY: tuple[float, ...] = (0.0, 5.0, 3.0, 3.0, 2.0, 1.5, 1.0, 0.5, 0.5, 1.0, 0.7)  # one weight per style


def mobiles(seed: int, slot: Ints) -> pl.Series:
    """The mobile number of each slot, eleven digits; different slots (below 4 x 10^9) never share one."""
    number = ((slot.astype(np.uint64) + np.uint64(seed % 1_000_003)) * np.uint64(_STEP)) % np.uint64(_SPACE)
    prefix = _OPERATORS.gather((number // np.uint64(10**8)).astype(np.int64))
    return prefix + pl.Series((number % np.uint64(10**8)).astype(np.int64)).cast(pl.String).str.zfill(8)


def landlines(seed: int, slot: Ints, city: Ints) -> pl.Series:
    """Area code, dash, subscriber number of the city's length; a few have an extension. Slots may collide."""
    mixed = scatter(slot, seed)
    digits = places.SUBSCRIBER_DIGITS[city]
    lead = (mixed % np.uint64(7) + np.uint64(2)).astype(np.int64)
    rest = ((mixed >> np.uint64(8)) % np.uint64(10**7)).astype(np.int64) % 10 ** (digits - 1)
    extension = ((mixed >> np.uint64(40)) % np.uint64(900)).astype(np.int64)
    frame = pl.DataFrame(
        {"area": places.AREA_CODES.gather(city), "number": lead * 10 ** (digits - 1) + rest, "extension": extension}
    )
    extension_text = [pl.format(form, pl.col("extension") + 800) for form in ("-{}", "转{}")]
    tail = (
        pl.when(pl.col("extension") < _DASHED)
        .then(extension_text[0])
        .when(pl.col("extension") < _SPOKEN)
        .then(extension_text[1])
        .otherwise(pl.lit(""))
    )
    return frame.select(pl.format("{}-{}{}", "area", "number", tail)).to_series()


def written(rng: np.random.Generator, mobile: pl.Series, *, noisy: float) -> pl.Series:
    """The mobiles as written by hand: a share `noisy` in another format, some of those in full-width digits."""
    rest = sum(NOISY)
    weights: Floats = np.array([(1 - noisy), *(noisy * weight / rest for weight in NOISY[1:])])
    return in_style(mobile, pick(rng, weights, mobile.len()))


def in_style(mobile: pl.Series, style: Ints) -> pl.Series:
    """Each eleven-digit mobile in the format of its style, 0 to 10; 10 is full-width digits."""
    plain = np.where(style == _FULL_WIDTH, 0, style)
    before, between, after = (pl.Series([form[part] for form in _STYLES]).gather(plain) for part in range(3))
    text = mobile.str.slice(0, 3) + between + mobile.str.slice(3, 4) + between + mobile.str.slice(7)
    text = before + text + after
    wide = np.flatnonzero(style == _FULL_WIDTH)
    if wide.size:
        text = text.scatter(wide, text.gather(wide).str.replace_many(_WIDE_DIGITS))
    return text


def junk(rng: np.random.Generator, size: int) -> pl.Series:
    """What stands where no number was known."""
    return pl.Series(JUNK_PHONES).gather(rng.integers(0, len(JUNK_PHONES), size))
