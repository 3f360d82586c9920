"""BG/NBD: the probability that a customer of a business without contracts is still one.

P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting Your Customers" the Easy Way: An Alternative to the
Pareto/NBD Model, Marketing Science 24 (2005) 275-284 (likelihood); the same, Computing P(alive) Using the
BG/NBD Model, 2008 (probability).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kehu.features.descent import least
from kehu.features.models import Model

Numbers = NDArray[np.float64]

# Parameters are fitted on at most so many customers, taken at even steps: more change them in the third digit only.
FITTED_ON = 20_000
FEWEST = 50
_LEAST, _MOST = 1e-4, 1e4
_ABOVE = 8


@dataclass(frozen=True, slots=True)
class Parameters:
    """r, alpha: how often customers buy; a, b: how likely they leave after a purchase. alpha is a time."""

    r: float
    alpha: float
    a: float
    b: float


def p_alive(inputs: pl.DataFrame) -> pl.Series:
    """P(alive) of each customer, 0 to 1, aligned; null for those who never bought, and when few did.

    `inputs` has `purchases` (of all time), `first_days` and `last_days` (days since the first and the last
    purchase). The parameters are fitted to these customers, so the answer depends on the population.
    """
    bought = inputs.with_row_index("row").filter((pl.col("purchases") > 0) & pl.col("first_days").is_not_null())
    if bought.height < FEWEST:
        return pl.Series("p_alive", [None] * inputs.height, dtype=pl.Float64)
    repeats = (bought["purchases"] - 1).to_numpy().astype(np.float64)
    age = bought["first_days"].to_numpy().astype(np.float64)
    recency = age - bought["last_days"].to_numpy().astype(np.float64)
    alive = probability_alive(fit(repeats, recency, age), repeats, recency, age)
    found = bought.select("row", pl.Series("p_alive", alive))
    return inputs.with_row_index("row").join(found, on="row", how="left", maintain_order="left")["p_alive"]


P_ALIVE = Model(("purchases", "first_days", "last_days"), p_alive)


def probability_alive(parameters: Parameters, repeats: Numbers, recency: Numbers, age: Numbers) -> Numbers:
    """P(alive | x, t_x, T): `repeats` are purchases after the first, times in the unit of alpha.

    A customer who never came back (x = 0) counts as alive: the model lets nobody leave before a repeat.
    """
    p = parameters
    odds = np.log(p.a / (p.b + np.maximum(repeats, 1) - 1))
    odds += (p.r + repeats) * (np.log(p.alpha + age) - np.log(p.alpha + recency))
    alive: Numbers = np.where(repeats > 0, 1 / (1 + np.exp(np.minimum(odds, 700))), 1.0)
    return alive


def fit(repeats: Numbers, recency: Numbers, age: Numbers) -> Parameters:
    """The parameters of greatest likelihood; the same for the same numbers in the same order."""
    step = max(1, len(repeats) // FITTED_ON)
    x, last, whole = repeats[::step], recency[::step], age[::step]
    unit = max(float(whole.mean()), 1e-9)  # so that all four parameters are of the order of one

    def loss(logs: Numbers) -> tuple[float, Numbers]:
        parameters = Parameters(*np.exp(logs).tolist())
        values, slopes = _likelihood(parameters, x, last / unit, whole / unit)
        return -float(values.mean()), -slopes.mean(axis=1) * np.exp(logs)

    r, alpha, a, b = np.exp(least(loss, np.zeros(4), np.log(_LEAST), np.log(_MOST))).tolist()
    return Parameters(r, alpha * unit, a, b)


def log_likelihood(parameters: Parameters, repeats: Numbers, recency: Numbers, age: Numbers) -> Numbers:
    """Of each customer: equation 6 of the 2005 paper, summed in logarithms."""
    return _likelihood(parameters, repeats, recency, age)[0]


def _likelihood(parameters: Parameters, x: Numbers, recency: Numbers, age: Numbers) -> tuple[Numbers, Numbers]:
    """Each customer's, and a row of slopes for each parameter."""
    p = parameters
    # Customers have but some hundred different numbers of purchases.
    counts, which = np.unique(x, return_inverse=True)
    risen = (_rising(start, counts) for start in (p.r, p.b, p.a + p.b))
    (bought, by_bought), (stayed_b, by_b), (left_ab, by_ab) = ((each[which], slope[which]) for each, slope in risen)
    alive = -(p.r + x) * np.log(p.alpha + age)
    last = p.b + np.maximum(x, 1) - 1
    left = np.where(x > 0, np.log(p.a) - np.log(last) - (p.r + x) * np.log(p.alpha + recency), -np.inf)
    either = np.logaddexp(alive, left)
    total: Numbers = bought + p.r * np.log(p.alpha) + stayed_b - left_ab + either
    stays, leaves = np.exp(alive - either), np.exp(left - either)
    slopes = (
        by_bought + np.log(p.alpha) - stays * np.log(p.alpha + age) - leaves * np.log(p.alpha + recency),
        p.r / p.alpha - (p.r + x) * (stays / (p.alpha + age) + leaves / (p.alpha + recency)),
        leaves / p.a - by_ab,
        by_b - by_ab - leaves / last,
    )
    return total, np.array(slopes)


def _rising(start: float, x: Numbers) -> tuple[Numbers, Numbers]:
    """The logarithm of start (start + 1) ... (start + x - 1), and its slope."""
    (value, slope), (value_0, slope_0) = _log_gamma(start + x), _log_gamma(np.array([start]))
    return value - value_0, slope - slope_0


def _log_gamma(z: Numbers) -> tuple[Numbers, Numbers]:
    """The logarithm of the gamma function of positive numbers, and its slope.

    Stirling's series, NIST Digital Library of Mathematical Functions 5.11.1 and 5.11.2, eight above z: to 1e-12.
    """
    steps = [z + number for number in range(_ABOVE)]
    far = z + _ABOVE
    small = 1 / far**2
    value = (far - 0.5) * np.log(far) - far + 0.5 * np.log(2 * np.pi)
    value += (1 / 12 - small * (1 / 360 - small * (1 / 1260 - small / 1680))) / far
    slope = np.log(far) - 0.5 / far - small * (1 / 12 - small * (1 / 120 - small * (1 / 252 - small / 240)))
    below = np.log(np.prod(steps, axis=0))
    return value - below, slope - sum(1 / each for each in steps)
