"""BG/NBD against the published parameters of the CDNOW data and against customers drawn from the model."""

import numpy as np
import polars as pl
import pytest
from scipy.integrate import quad

from kehu.features.bg_nbd import FEWEST, Parameters, fit, log_likelihood, p_alive, probability_alive

# Table 2 of the 2005 paper: 2,357 customers of an online music shop, time in weeks.
CDNOW = Parameters(r=0.243, alpha=4.414, a=0.793, b=2.426)


def array(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("_case", "repeats", "recency", "age", "expected"),
    [
        ("the first customer of the data", 2, 30.43, 38.86, 0.7266),
        ("bought in the last instant", 23, 39, 39, 1 / (1 + 0.793 / (2.426 + 22))),
        ("never came back", 0, 0, 38.86, 1.0),
    ],
)
def test_p_alive_with_the_published_parameters(
    _case: str, repeats: float, recency: float, age: float, expected: float
) -> None:
    found = probability_alive(CDNOW, array(repeats), array(recency), array(age))
    assert found[0] == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize(
    ("repeats", "recency", "age"), [(0, 0.0, 10.0), (3, 8.0, 10.0), (1, 2.0, 30.0), (20, 30.0, 39.0)]
)
def test_likelihood_and_probability_are_those_of_their_integrals(repeats: int, recency: float, age: float) -> None:
    alive, left = integrated(repeats, age), integrated_left(repeats, recency)
    found = log_likelihood(CDNOW, array(repeats), array(recency), array(age))[0]
    assert found == pytest.approx(np.log(alive + left), rel=1e-6)
    probable = probability_alive(CDNOW, array(repeats), array(recency), array(age))[0]
    assert probable == pytest.approx(alive / (alive + left), rel=1e-6)


def integrated(repeats: int, until: float, *, leaves: int = 0) -> float:
    """One customer's likelihood (equation 3), mixed over rate and dropout numerically; `leaves` after the last."""
    shape, rate, a, b = CDNOW.r, CDNOW.alpha, CDNOW.a, CDNOW.b
    gamma = np.exp(shape * np.log(rate) - _lgamma(shape))
    beta = np.exp(_lgamma(a + b) - _lgamma(a) - _lgamma(b))
    rates = quad(lambda u: gamma * u ** (shape + repeats - 1) * np.exp(-u * (rate + until)), 0, np.inf)[0]
    stays = quad(lambda p: beta * p ** (a - 1 + leaves) * (1 - p) ** (b - 1 + repeats - leaves), 0, 1)[0]
    return float(rates * stays)


def integrated_left(repeats: int, recency: float) -> float:
    """The likelihood of having left right after the last repeat; nobody leaves before a repeat."""
    return integrated(repeats, recency, leaves=1) if repeats else 0.0


def _lgamma(value: float) -> float:
    return float(np.log(np.abs(quad(lambda u: u ** (value - 1) * np.exp(-u), 0, np.inf)[0])))


def drawn(customers: int, seed: int) -> pl.DataFrame:
    """Customers who buy and leave as the model says; days, with rates per day."""
    dice = np.random.default_rng(seed)
    rows = []
    for _ in range(customers):
        rate, leave, age = dice.gamma(1.2) / 20, dice.beta(1.0, 4.0), dice.uniform(200, 400)
        times = [0.0]
        while True:
            following = times[-1] + dice.exponential(1 / rate)
            if following > age or (len(times) > 1 and dice.random() < leave):
                break
            times.append(following)
        rows.append((len(times), age, age - times[-1]))
    return pl.DataFrame(rows, schema=["purchases", "first_days", "last_days"], orient="row")


def test_the_fit_finds_the_parameters_customers_were_drawn_with() -> None:
    frame = drawn(4_000, seed=3)
    age = frame["first_days"].to_numpy()
    found = fit(frame["purchases"].to_numpy() - 1.0, age - frame["last_days"].to_numpy(), age)
    assert found.r / found.alpha == pytest.approx(1.2 / 20, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(0.2, rel=0.15)


def test_who_is_silent_is_less_likely_a_customer() -> None:
    frame = drawn(500, seed=4)
    asked = pl.DataFrame({"purchases": [10, 10], "first_days": [300.0, 300.0], "last_days": [1.0, 200.0]})
    fresh, silent = p_alive(pl.concat([asked, frame])).head(2).to_list()
    assert 0 <= silent < 0.2
    assert 0.8 < fresh <= 1


def test_who_never_bought_has_no_answer_and_few_customers_have_none() -> None:
    never = pl.DataFrame(
        {"purchases": [0], "first_days": [None], "last_days": [None]},
        schema_overrides={"first_days": pl.Float64, "last_days": pl.Float64, "purchases": pl.Int64},
    )
    assert p_alive(pl.concat([never, drawn(FEWEST, seed=5)]))[0] is None
    assert p_alive(drawn(FEWEST - 1, seed=5)).null_count() == FEWEST - 1
