"""BG/NBD: the probability that a customer of a business without contracts is still one.

P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting Your Customers" the Easy Way: An Alternative to the
Pareto/NBD Model, Marketing Science 24 (2005) 275-284 (likelihood); the same, Computing P(alive) Using the
BG/NBD Model, 2008 (probability).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

from kehu.features.models import Model

Numbers = NDArray[np.float64]

# Parameters are fitted on at most so many customers, taken at even steps: more change them in the third digit only.
FITTED_ON = 20_000
FEWEST = 50
_LEAST, _MOST = 1e-4, 1e4


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

    def loss(logs: Numbers) -> float:
        r, alpha, a, b = np.exp(logs)
        value = -float(log_likelihood(Parameters(r, alpha, a, b), x, last / unit, whole / unit).mean())
        return value if np.isfinite(value) else 1e12

    bounds = [(np.log(_LEAST), np.log(_MOST))] * 4
    found = minimize(loss, np.zeros(4), method="L-BFGS-B", bounds=bounds)
    r, alpha, a, b = (float(value) for value in np.exp(found.x))
    return Parameters(r, alpha * unit, a, b)


def log_likelihood(parameters: Parameters, repeats: Numbers, recency: Numbers, age: Numbers) -> Numbers:
    """Of each customer: equation 6 of the 2005 paper, summed in logarithms."""
    p, x = parameters, repeats
    bought = gammaln(p.r + x) - gammaln(p.r) + p.r * np.log(p.alpha)
    stayed = gammaln(p.a + p.b) + gammaln(p.b + x) - gammaln(p.b) - gammaln(p.a + p.b + x)
    alive = -(p.r + x) * np.log(p.alpha + age)
    left = np.log(p.a) - np.log(p.b + np.maximum(x, 1) - 1) - (p.r + x) * np.log(p.alpha + recency)
    total: Numbers = bought + stayed + np.logaddexp(alive, np.where(x > 0, left, -np.inf))
    return total
