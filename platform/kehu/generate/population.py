"""The true customers: what each one is, how much it ships, when it starts and when it leaves."""

from dataclasses import dataclass

import numpy as np

from kehu.generate import places
from kehu.generate.calendar import COMPANY, HISTORY_DAYS, PERSON, SEASONS, SHOP
from kehu.generate.dice import Flags, Floats, Ints, chance, pick, pick_by_row, stream
from kehu.generate.words import INDUSTRIES

ACCOUNT, WALK_IN, RECEIVER, PROSPECT, POTENTIAL = range(5)
NO_SIZE, SMALL, MEDIUM, LARGE = range(4)
ROLE_NAMES = ("account", "walk_in", "receiver", "prospect", "potential")
KIND_NAMES = ("company", "shop", "person")
SIZE_NAMES = ("none", "small", "medium", "large")
NEVER = 1 << 30  # a day no horizon reaches
DECLINE_DAYS = 90  # a leaver ships less and less this long
TROUBLE_DAYS = 120  # and is served worse this long

_KIND_SHARES = (0.33, 0.22, 0.45)
_ROLES = np.array([[0.60, 0.07, 0.08, 0.13, 0.12], [0.58, 0.17, 0.11, 0.07, 0.07], [0.36, 0.30, 0.26, 0.03, 0.05]])
_SIZES = np.array([[0.0, 0.84, 0.14, 0.02], [0.0, 0.87, 0.128, 0.002], [0.0, 0.99, 0.01, 0.0]])
_RATES = np.array([0.0, 3.0, 45.0, 520.0])  # relative volume at the median of each size
_KIND_RATES = np.array([1.0, 1.3, 0.3])
_RATE_SPREAD = 0.75
_SEASON_SHARES = (0.94, 0.02, 0.02, 0.02)
_PROJECT_SHARES = np.array([0.0, 0.0, 0.02, 0.3])
_CHURN_SHARES = np.array([0.0, 0.15, 0.10, 0.05])
_NEW_SHARE = 0.35  # of shippers began within the history
_EARLIEST_CONTACT_DAYS = 2200
_COLLAPSE_SHARE = 0.2  # of leavers go on with a trickle
_TRICKLE = 0.03
_DECLINERS = 0.05


@dataclass(frozen=True, slots=True)
class Population:
    """Equal-length columns, one entry per true customer; days count from the first day of the history.

    `first_contact` and `start` may lie before it (negative); `churn` is NEVER for those who stay. After `churn` a
    customer ships the share `trickle` of its rate. `trend` is the daily growth factor, `late` the usual share late.
    """

    kind: Ints
    role: Ints
    size: Ints
    city: Ints
    industry: Ints
    trade: Ints
    season: Ints
    rate: Floats
    trend: Floats
    late: Floats
    first_contact: Ints
    start: Ints
    churn: Ints
    trickle: Floats
    is_project: Flags

    @property
    def customers(self) -> int:
        """How many there are."""
        return self.kind.size

    @property
    def ships(self) -> Flags:
        """Those who may hand over parcels."""
        found: Flags = (self.role == ACCOUNT) | (self.role == WALK_IN)
        return found

    @property
    def in_crm(self) -> Flags:
        """Those the sales department keeps an account for."""
        found: Flags = (self.role != WALK_IN) & (self.role != RECEIVER)
        return found

    @property
    def demand_class(self) -> Ints:
        """The column of `calendar.demand_factors` each follows."""
        return self.kind * SEASONS + self.season


def populate(customers: int, seed: int) -> Population:
    """Draw the customers; the first is always a company that ships throughout, so that there is someone to ship."""
    rng = stream(seed, "population")
    kind = pick(rng, _KIND_SHARES, customers)
    role = pick_by_row(rng.random(customers), _ROLES, kind)
    kind[0], role[0] = COMPANY, ACCOUNT
    ships = role <= WALK_IN
    size = np.where(ships, pick_by_row(rng.random(customers), _SIZES, kind), NO_SIZE)
    size = np.where((role == WALK_IN) & (size == LARGE), MEDIUM, size)
    season = np.where(kind == PERSON, 0, pick(rng, _SEASON_SHARES, customers))
    season[0] = 0
    industry = np.where(kind == PERSON, -1, rng.integers(0, len(INDUSTRIES), customers))
    start, first_contact, churn = _lifetimes(rng, size)
    yearly = np.where(chance(rng, customers, _DECLINERS), -1.1, rng.normal(0.04, 0.35, customers))
    return Population(
        kind=kind,
        role=role,
        size=size,
        city=pick(rng, places.WEIGHTS, customers),
        industry=industry,
        trade=rng.integers(0, 3, customers),
        season=season,
        rate=_RATES[size] * _KIND_RATES[kind] * rng.lognormal(0.0, _RATE_SPREAD, customers),
        trend=np.exp(np.clip(yearly, -1.5, 1.2) / 365),
        late=np.clip(rng.beta(2.0, 38.0, customers), 0.005, 0.3),
        first_contact=first_contact,
        start=start,
        churn=churn,
        trickle=np.where(chance(rng, customers, _COLLAPSE_SHARE), _TRICKLE, 0.0),
        is_project=chance(rng, customers, _PROJECT_SHARES[size]) & (kind != SHOP) & (role == ACCOUNT),
    )


def late_rate(population: Population, customer: Ints, day: Ints) -> Floats:
    """The share of a customer's parcels that is late around a day, without the season's strain.

    It rises towards a leaver's last day by up to 28 points over TROUBLE_DAYS.
    """
    left = population.churn[customer] - day
    trouble = np.clip(1 - left / TROUBLE_DAYS, 0.0, 1.0)
    return np.clip(population.late[customer] + 0.28 * trouble, 0.0, 0.6)


def _lifetimes(rng: np.random.Generator, size: Ints) -> tuple[Ints, Ints, Ints]:
    """First day of shipping, first contact and last day of each; the first customer neither starts late nor leaves."""
    rows = size.size
    ships = size != NO_SIZE
    before = -rng.integers(1, _EARLIEST_CONTACT_DAYS, rows)
    within = rng.integers(0, HISTORY_DAYS - 30, rows)
    is_new = chance(rng, rows, _NEW_SHARE)
    is_new[0] = False
    start = np.where(is_new, within, before)
    earliest = np.maximum(start, 0) + DECLINE_DAYS + 45
    latest = HISTORY_DAYS - 10
    leaves = ships & chance(rng, rows, _CHURN_SHARES[size] * 1.3) & (earliest < latest)
    leaves[0] = False
    churn = earliest + (rng.random(rows) * (latest - earliest)).astype(np.int64)
    return start, start - rng.integers(0, 60, rows), np.where(leaves, churn, NEVER)
