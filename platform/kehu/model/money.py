"""Amounts in whole minor units of an ISO 4217 currency."""

# Minor-unit digits that differ from two: ISO 4217, list one (2024 edition).
_DIGITS = {
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0,
    "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip


def minor_digits(currency: str) -> int:
    """How many decimal digits the currency's minor unit has: 2 for CNY, 0 for JPY."""
    return _DIGITS.get(currency, 2)
