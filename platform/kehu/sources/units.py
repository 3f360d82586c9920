"""Units a column may be written in: weights and amounts, as exact fractions of what is stored."""

from dataclasses import dataclass

from kehu.model.money import minor_digits


@dataclass(frozen=True, slots=True)
class Unit:
    """One of it is `numerator / denominator` of the stored unit; `signs` may stand before or after the number."""

    numerator: int
    denominator: int = 1
    signs: tuple[str, ...] = ()


# Grams. The avoirdupois pound is 453.59237 g and the ounce its sixteenth: international agreement of 1959.
WEIGHT_UNITS: dict[str, Unit] = {
    "g": Unit(1, signs=("g", "克")),
    "kg": Unit(1_000, signs=("kg", "公斤", "千克")),
    "t": Unit(1_000_000, signs=("t", "吨")),
    "jin": Unit(500, signs=("斤",)),
    "lb": Unit(45_359_237, 100_000, signs=("lb", "lbs")),
    "oz": Unit(45_359_237, 1_600_000, signs=("oz",)),
}

# Name of the unit: the currency it belongs to, minor units in one of it, how people write it.
_NAMED: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "yuan": ("CNY", 100, ("元",)),
    "jiao": ("CNY", 10, ("角",)),
    "fen": ("CNY", 1, ("分",)),
    "wan_yuan": ("CNY", 1_000_000, ("万元", "万")),
    "dollar": ("USD", 100, ("$",)),
    "cent": ("USD", 1, ("¢",)),
    "pound": ("GBP", 100, ("£",)),
    "penny": ("GBP", 1, ("p",)),
    "euro": ("EUR", 100, ("€",)),
    "euro_cent": ("EUR", 1, ()),
    "yen": ("JPY", 1, ("円",)),
}

_SIGNS: dict[str, tuple[str, ...]] = {
    "CNY": ("¥", "元", "RMB", "人民币"),
    "USD": ("US$", "$"),
    "GBP": ("£",),
    "EUR": ("€",),
    "JPY": ("¥", "円"),
    "HKD": ("HK$",),
}

MONEY_UNITS: tuple[str, ...] = ("major", "minor", *_NAMED)


def money_unit(name: str, currency: str) -> Unit | None:
    """The unit called `name` in minor units of `currency`; None when it is another currency's or unknown."""
    signs = (currency, *_SIGNS.get(currency, ()))
    if name == "major":
        return Unit(10 ** minor_digits(currency), signs=signs)
    if name == "minor":
        return Unit(1)
    owner, minor_units, own_signs = _NAMED.get(name, ("", 0, ()))
    if owner != currency:
        return None
    whole = minor_units == 10 ** minor_digits(currency)
    return Unit(minor_units, signs=signs if whole else own_signs)
