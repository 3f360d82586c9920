"""Services, how long they take, what they weigh and cost."""

import numpy as np

from kehu.generate.calendar import COMPANY, PERSON, SHOP
from kehu.generate.dice import Floats, Ints
from kehu.generate.population import Population
from kehu.generate.words import CARS, FOOD, HOME, MACHINES, MEDICINE

SERVICES = ("标快", "特惠", "次日达", "同城", "冷链", "零担")
STANDARD, ECONOMY, NEXT_DAY, SAME_CITY, COLD, FREIGHT = range(6)
_PLAIN, _SHOP, _PRIVATE, _FRESH, _HEAVY, _PROJECT = range(6)

# the service mix of each profile of shipper
SERVICE_MIX = np.array(
    [
        [0.45, 0.25, 0.20, 0.0, 0.01, 0.09],
        [0.30, 0.60, 0.08, 0.0, 0.01, 0.01],
        [0.60, 0.25, 0.15, 0.0, 0.00, 0.00],
        [0.25, 0.20, 0.15, 0.0, 0.38, 0.02],
        [0.25, 0.15, 0.05, 0.0, 0.00, 0.55],
        [0.15, 0.10, 0.05, 0.0, 0.15, 0.55],
    ]
)
# rows: services; columns: zones (see places.zones)
TRANSIT_DAYS = np.array([[1, 1, 2, 3], [2, 3, 4, 5], [1, 1, 1, 2], [0, 0, 0, 0], [1, 1, 2, 3], [2, 3, 5, 7]])
_FIRST_KG_FEN = np.array(
    [
        [1200, 1300, 1800, 2300],
        [700, 800, 1000, 1400],
        [1600, 1800, 2600, 3200],
        [1000, 1000, 1000, 1000],
        [2600, 2800, 3800, 5200],
        [6000, 6000, 8000, 9000],
    ]
)
_NEXT_KG_FEN = np.array(
    [
        [200, 250, 600, 1000],
        [100, 150, 350, 600],
        [300, 400, 900, 1400],
        [200, 200, 200, 200],
        [400, 500, 900, 1500],
        [45, 60, 110, 180],
    ]
)
_MEDIAN_GRAMS = np.array([1000.0, 1500.0, 800.0, 1200.0, 6000.0, 150_000.0])
_WEIGHT_SPREAD = np.array([0.9, 0.9, 0.7, 0.8, 0.8, 0.9])
_LEAST_GRAMS, _MOST_GRAMS = 100, 12_000_000
_DISCOUNT = np.array([1.0, 0.97, 0.85, 0.68])
_PROJECT_DISCOUNT = 0.6
_COST_SPREAD = 0.1
_COST_SHARE = np.array([0.60, 0.66, 0.62, 0.58, 0.70, 0.57])


def profiles(population: Population) -> Ints:
    """The row of SERVICE_MIX each customer follows, by kind, trade and whether it is a project customer."""
    profile = np.select(
        [population.kind == COMPANY, population.kind == SHOP, population.kind == PERSON], [_PLAIN, _SHOP, _PRIVATE]
    )
    is_company = population.kind == COMPANY
    profile[is_company & np.isin(population.industry, (FOOD, MEDICINE))] = _FRESH
    profile[is_company & np.isin(population.industry, (MACHINES, CARS, HOME))] = _HEAVY
    profile[population.is_project] = _PROJECT
    return profile


def discounts(population: Population) -> Floats:
    """The share of the list price each customer pays."""
    return np.where(population.is_project, _PROJECT_DISCOUNT, _DISCOUNT[population.size])


def weights_grams(rng: np.random.Generator, service: Ints) -> Ints:
    """The weight of each parcel, in steps of 10 g."""
    grams = _MEDIAN_GRAMS[service] * np.exp(_WEIGHT_SPREAD[service] * rng.standard_normal(service.size))
    tens: Ints = (np.clip(grams, _LEAST_GRAMS, _MOST_GRAMS) // 10).astype(np.int64)
    return tens * 10


def list_prices_fen(service: Ints, zone: Ints, grams: Ints) -> Ints:
    """The list price: the first kilogram, then by weight."""
    beyond = np.maximum(grams - 1000, 0)
    price: Ints = _FIRST_KG_FEN[service, zone] + _NEXT_KG_FEN[service, zone] * beyond // 1000
    return price


def costs_fen(rng: np.random.Generator, service: Ints, list_price: Ints) -> Ints:
    """What the parcel cost the carrier, before returns; it does not fall with the customer's discount."""
    share = _COST_SHARE[service] * np.exp(_COST_SPREAD * rng.standard_normal(service.size))
    cost: Ints = np.rint(list_price * share).astype(np.int64)
    return cost
