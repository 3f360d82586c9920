"""What happens to each parcel: who receives and pays, how it travels, whether it arrives in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from kehu.generate import places, tariff
from kehu.generate.accounts import Accounts
from kehu.generate.calendar import COMPANY, HISTORY_DAYS, strain
from kehu.generate.columns import DAY_SECONDS, NO_INSTANT, day_number
from kehu.generate.demand import Handovers, handovers
from kehu.generate.dice import Flags, Floats, Ints, chance, fixed_draw, pick, pick_by_row, scatter, stream
from kehu.generate.population import ACCOUNT, MEDIUM, Population, late_rate
from kehu.generate.routes import Circles, circles

SENDER_PAYS, RECEIVER_PAYS, THIRD_PAYS = range(3)
DELIVERED, IN_TRANSIT, RETURNED, LOST, CANCELLED = range(5)

_PAYMENTS = np.array([[0.78, 0.12, 0.10], [0.85, 0.10, 0.05], [0.70, 0.30, 0.0]])
_USUAL_SERVICE = 0.7
_SAME_CITY_SHARE = 0.7
_ACCOUNT_WRITTEN, _SECOND_ACCOUNT = 0.92, 0.3
_SENDER_VARIANTS = (0.90, 0.05, 0.02, 0.02, 0.01)
_RECEIVER_VARIANTS = (0.80, 0.09, 0.04, 0.05, 0.02)
_HOURS = np.array([0, 0, 0, 0, 0, 0, 0, 1, 3, 5, 6, 6, 4, 5, 7, 9, 11, 12, 9, 6, 4, 2, 1, 0], dtype=np.float64)
_CUT_OFF_HOUR, _PROMISE_HOUR, _FIRST_ROUND_HOUR, _SAME_CITY_HOURS = 18, 20, 8.5, 8
_LATE_HOURS, _LATE_SPREAD = 10.0, 0.9
_FATES = (0.9798, 0.0, 0.011, 0.0012, 0.008)  # DELIVERED, IN_TRANSIT (only by the calendar), RETURNED, LOST, CANCELLED
_MOST_LATE = 0.75


@dataclass(frozen=True, slots=True)
class Parcels:
    """One block of parcels in equal-length columns; instants are local seconds since 1970, money is fen.

    `account` is the index of the shipper's account, -1 where none is written. `payer` is a customer. `delivered` is
    NO_INSTANT unless DELIVERED. `is_late` says the parcel arrived after `promised`. Weight is in grams.
    """

    number: int
    start: int
    day: Ints
    sender: Ints
    sender_variant: Ints
    receiver: Ints
    receiver_variant: Ints
    account: Ints
    payment: Ints
    payer: Ints
    service: Ints
    accepted: Ints
    promised: Ints
    delivered: Ints
    status: Ints
    is_late: Flags
    grams: Ints
    pieces: Ints
    goods: Ints
    revenue: Ints
    cost: Ints


@dataclass(frozen=True, slots=True)
class Network:
    """What all parcels share: customers, their accounts, circles and habits, and the calendar from `first` on."""

    population: Population
    accounts: Accounts
    circles: Circles
    payers: Ints
    profile: Ints
    discount: Floats
    zone: Ints
    strain: Floats
    first: date
    seed: int


@dataclass(frozen=True, slots=True)
class _Journey:
    accepted: Ints
    promised: Ints
    delivered: Ints
    status: Ints
    is_late: Flags


def network(population: Population, accounts: Accounts, first: date, seed: int) -> Network:
    """Prepare the habits of everyone once."""
    is_firm = (population.kind == COMPANY) & (population.role == ACCOUNT)
    big = np.flatnonzero(is_firm & (population.size >= MEDIUM))
    return Network(
        population=population,
        accounts=accounts,
        circles=circles(population, seed),
        payers=big if big.size else np.flatnonzero(is_firm),
        profile=tariff.profiles(population),
        discount=tariff.discounts(population),
        zone=places.zones(),
        strain=strain(first, HISTORY_DAYS),
        first=first,
        seed=seed,
    )


def parcels(net: Network, shipments: int) -> Iterator[Parcels]:
    """All parcels in blocks, in order of days; within a block in order of acceptance."""
    start = 0
    for block in handovers(net.population, net.first, shipments, net.seed):
        yield _travel(net, block, start)
        start += block.day.size


def _travel(net: Network, block: Handovers, start: int) -> Parcels:
    rng = stream(net.seed, "parcels", block.number)
    sender, rows = block.sender, block.sender.size
    receiver = net.circles.receivers(sender, rng)
    zone = net.zone[net.population.city[sender], net.population.city[receiver]]
    service = _services(net, sender, zone, rng)
    payment = pick_by_row(rng.random(rows), _PAYMENTS, net.population.kind[sender])
    journey = _journeys(net, block, service, zone, rng)
    grams = tariff.weights_grams(rng, service)
    is_freight = service == tariff.FREIGHT
    listed = tariff.list_prices_fen(service, zone, grams)
    is_cancelled = journey.status == CANCELLED
    cost = tariff.costs_fen(rng, service, listed) * np.where(journey.status == RETURNED, 2, 1)
    return Parcels(
        number=block.number,
        start=start,
        day=block.day,
        sender=sender,
        sender_variant=pick(rng, _SENDER_VARIANTS, rows),
        receiver=receiver,
        receiver_variant=pick(rng, _RECEIVER_VARIANTS, rows),
        account=_accounts(net, sender, rng),
        payment=payment,
        payer=np.select([payment == SENDER_PAYS, payment == RECEIVER_PAYS], [sender, receiver], _third(net, sender)),
        service=service,
        accepted=journey.accepted,
        promised=journey.promised,
        delivered=journey.delivered,
        status=journey.status,
        is_late=journey.is_late,
        grams=grams,
        pieces=np.where(is_freight, 1 + rng.geometric(0.25, rows), 1 + chance(rng, rows, 0.06)),
        goods=rng.integers(0, 3, rows),
        revenue=np.where(is_cancelled, 0, np.rint(listed * net.discount[sender]).astype(np.int64)),
        cost=np.where(is_cancelled, 0, cost),
    )


def _services(net: Network, sender: Ints, zone: Ints, rng: np.random.Generator) -> Ints:
    usual = fixed_draw(sender, net.seed % 1_000_003)
    drawn = np.where(chance(rng, sender.size, _USUAL_SERVICE), usual, rng.random(sender.size))
    service = pick_by_row(drawn, tariff.SERVICE_MIX, net.profile[sender])
    goes_local = (zone == 0) & (service <= tariff.NEXT_DAY) & chance(rng, sender.size, _SAME_CITY_SHARE)
    return np.where(goes_local, tariff.SAME_CITY, service)


def _accounts(net: Network, sender: Ints, rng: np.random.Generator) -> Ints:
    second = net.accounts.second[sender]
    use_second = (second >= 0) & chance(rng, sender.size, _SECOND_ACCOUNT)
    account = np.where(use_second, second, net.accounts.first[sender])
    return np.where(chance(rng, sender.size, _ACCOUNT_WRITTEN), account, -1)


def _third(net: Network, sender: Ints) -> Ints:
    return net.payers[(scatter(sender, net.seed % 999_983) % np.uint64(net.payers.size)).astype(np.int64)]


def _journeys(net: Network, block: Handovers, service: Ints, zone: Ints, rng: np.random.Generator) -> _Journey:
    rows = block.day.size
    midnight = (block.day + day_number(net.first)) * DAY_SECONDS
    in_day = pick(rng, _HOURS, rows) * 3600 + rng.integers(0, 3600, rows)
    accepted = np.sort(midnight + in_day)
    is_city = service == tariff.SAME_CITY
    after_cut_off = (accepted - midnight) >= _CUT_OFF_HOUR * 3600
    days = tariff.TRANSIT_DAYS[service, zone] + after_cut_off
    promised = np.where(
        is_city, accepted + _SAME_CITY_HOURS * 3600, midnight + days * DAY_SECONDS + _PROMISE_HOUR * 3600
    )
    p_late = late_rate(net.population, block.sender, block.day) + net.strain[block.day] + 0.006 * zone
    is_late = chance(rng, rows, np.minimum(p_late, _MOST_LATE))
    early = (days > 1) & chance(rng, rows, 0.3)
    window = (_PROMISE_HOUR - _FIRST_ROUND_HOUR) * 3600
    ahead = np.where(is_city, rng.random(rows) * 0.6 * _SAME_CITY_HOURS * 3600, rng.random(rows) * window)
    behind = _LATE_HOURS * np.exp(_LATE_SPREAD * rng.standard_normal(rows)) * 3600 + 600
    arrived = promised + np.where(is_late, behind, -ahead - early * ~is_city * DAY_SECONDS).astype(np.int64)
    return _fates(net, _Journey(accepted, promised, arrived, np.zeros(rows, dtype=np.int64), is_late), rng)


def _fates(net: Network, journey: _Journey, rng: np.random.Generator) -> _Journey:
    status = pick(rng, _FATES, journey.accepted.size)
    now = (day_number(net.first) + HISTORY_DAYS) * DAY_SECONDS
    status = np.where((status == DELIVERED) & (journey.delivered >= now), IN_TRANSIT, status)
    is_delivered = status == DELIVERED
    return _Journey(
        journey.accepted,
        journey.promised,
        np.where(is_delivered, journey.delivered, NO_INSTANT),
        status,
        journey.is_late & is_delivered,
    )
