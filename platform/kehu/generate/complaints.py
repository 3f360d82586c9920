"""Complaints that follow what happened to parcels, as the call centre's ticket list."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from kehu.generate import phones
from kehu.generate.blemishes import Blemish
from kehu.generate.columns import DAY_SECONDS, NO_INSTANT, blank, either, instants
from kehu.generate.crm import SalesBook
from kehu.generate.dice import Floats, Ints, chance, pick, pick_by_row, stream
from kehu.generate.employees import SERVICE, STAFF
from kehu.generate.naming import CLEAN, SECOND_PHONE
from kehu.generate.parcels import DELIVERED, LOST, RETURNED, Parcels
from kehu.generate.population import LARGE, TROUBLE_DAYS, Population
from kehu.generate.waybills import waybill_numbers

COMPLAINT_BLEMISHES = (
    Blemish("受理时间", "待定", "not an instant"),
    Blemish("受理时间", "2025-02-30 10:00", "no such date"),
    Blemish("赔付金额", "见备注", "not a number"),
    Blemish("工单号", "", "no ticket number"),
)
DELAY, LOSS, DAMAGE, MANNER, PRICE, MISTAKE = range(6)
_CATEGORIES = pl.Series(["时效延误", "丢失", "破损", "服务态度", "价格争议", "信息错误"])
_SEVERITIES = pl.Series(["一般", "严重", "紧急"])
_CHANNELS = pl.Series(["电话", "微信", "网站", "12305申诉", "上门"])
_OUTCOMES = pl.Series(["已解决", "赔付", "解释", "驳回", "撤诉", "处理中"])
_COMPENSATED, _OPEN = 1, 5
_OTHER_CAUSES = (0.10, 0.0, 0.34, 0.22, 0.16, 0.18)
_SEVERITY_SHARES = np.array([[0.80, 0.17, 0.03], [0.30, 0.45, 0.25]])
_COMPENSATION_SHARES = np.array([0.15, 0.85, 0.65, 0.05, 0.10, 0.05])
_SENDER_CALLS, _ACCOUNT_KNOWN, _WAYBILL_KNOWN = 0.65, 0.6, 0.95
_TROUBLED = 2.2
_PHONE_NOISE = 0.45


@dataclass(frozen=True, slots=True)
class Grievances:
    """Complaints in equal-length columns; instants are local seconds since 1970, `row` the parcel's place."""

    row: Ints
    customer: Ints
    account: Ints
    category: Ints
    severity: Ints
    opened: Ints
    paid_fen: Ints

    def __len__(self) -> int:
        return self.row.size


def arising(parcels: Parcels, population: Population, now: int, seed: int) -> Grievances:
    """The complaints this block's parcels give rise to before `now` (seconds, exclusive)."""
    rng = stream(seed, "complaints", parcels.number)
    complains = np.flatnonzero(chance(rng, parcels.sender.size, _likelihood(parcels, population)))
    opened = _opened(parcels, complains, rng)
    complains, opened = complains[opened < now], opened[opened < now]
    rows = complains.size
    by_sender = chance(rng, rows, _SENDER_CALLS)
    sender, receiver = parcels.sender[complains], parcels.receiver[complains]
    category = np.where(parcels.is_late[complains] & chance(rng, rows, 0.9), DELAY, pick(rng, _OTHER_CAUSES, rows))
    category[parcels.status[complains] == LOST] = LOSS
    is_grave = (category == LOSS) | (population.size[sender] == LARGE)
    amount = (parcels.revenue[complains] * rng.lognormal(0.0, 0.5, rows)).astype(np.int64)
    amount = np.where((category == LOSS) | (category == DAMAGE), amount * 4 + 5000, amount)
    return Grievances(
        row=complains + parcels.start,
        customer=np.where(by_sender, sender, receiver),
        account=np.where(by_sender & chance(rng, rows, _ACCOUNT_KNOWN), parcels.account[complains], -1),
        category=category,
        severity=pick_by_row(rng.random(rows), _SEVERITY_SHARES, is_grave.astype(np.int64)),
        opened=opened,
        paid_fen=np.where(chance(rng, rows, _COMPENSATION_SHARES[category]), amount, 0),
    )


def joined(parts: list[Grievances]) -> Grievances:
    """All complaints in order of opening; equal instants by parcel."""
    names = ("row", "customer", "account", "category", "severity", "opened", "paid_fen")
    columns = {
        name: np.concatenate([np.zeros(0, dtype=np.int64), *(getattr(part, name) for part in parts)]) for name in names
    }
    order = np.lexsort((columns["row"], columns["opened"]))
    return Grievances(**{name: column[order] for name, column in columns.items()})


def complaint_rows(book: SalesBook, grievances: Grievances, now: int) -> pl.DataFrame:
    """The ticket list; what would happen after `now` has not happened yet."""
    rng = stream(book.seed, "tickets")
    rows = len(grievances)
    responded, closed = _handled(grievances, now, rng)
    is_open = closed == NO_INSTANT
    outcome = np.where(grievances.paid_fen > 0, _COMPENSATED, pick(rng, (0.6, 0.0, 0.25, 0.1, 0.05, 0.0), rows))
    handlers = book.staff.those((SERVICE,), (STAFF,))
    number = "TS" + pl.Series(np.arange(1, rows + 1)).cast(pl.String).str.zfill(9)
    account = book.accounts.number.gather(grievances.account.clip(min=0))
    return pl.DataFrame(
        {
            "工单号": number,
            "来电人": _caller_names(book, grievances, rng),
            "来电号码": _caller_phones(book, grievances, rng),
            "客户编号": blank(account, grievances.account < 0),
            "运单号": blank(waybill_numbers(grievances.row), rng.random(rows) >= _WAYBILL_KNOWN),
            "投诉类别": _CATEGORIES.gather(grievances.category),
            "严重程度": _SEVERITIES.gather(grievances.severity),
            "渠道": _CHANNELS.gather(pick(rng, (0.52, 0.26, 0.12, 0.06, 0.04), rows)),
            "受理时间": instants(grievances.opened),
            "首次响应时间": instants(responded),
            "结案时间": instants(closed),
            "处理人工号": book.staff.number.gather(handlers[rng.integers(0, handlers.size, rows)]),
            "赔付金额": blank(pl.Series(grievances.paid_fen / 100), is_open | (grievances.paid_fen == 0)),
            "处理结果": _OUTCOMES.gather(np.where(is_open, _OPEN, outcome)),
        }
    )


def _likelihood(parcels: Parcels, population: Population) -> Floats:
    """Late parcels draw complaints, the later the more; leavers complain twice as much in their last months."""
    delay_days = np.where(parcels.is_late, (parcels.delivered - parcels.promised) / DAY_SECONDS, 0.0)
    chance = np.where(parcels.is_late, 0.04 + 0.08 * np.minimum(delay_days / 3, 1.0), 0.0015)
    chance = np.where(parcels.status == RETURNED, 0.05, chance)
    chance = np.where(parcels.status == LOST, 0.6, chance)
    left = population.churn[parcels.sender] - parcels.day
    return np.where((left > 0) & (left < TROUBLE_DAYS), chance * _TROUBLED, chance)


def _opened(parcels: Parcels, rows: Ints, rng: np.random.Generator) -> Ints:
    """Delays are reported from the promised instant on, losses after days, the rest after delivery."""
    promised, delivered = parcels.promised[rows], parcels.delivered[rows]
    is_late, is_lost = parcels.is_late[rows], parcels.status[rows] == LOST
    drawn = rng.random(rows.size)
    seen = np.where(parcels.status[rows] == DELIVERED, delivered, promised)
    wait = np.where(is_lost, DAY_SECONDS * (2 + 6 * drawn), 600 + 3 * DAY_SECONDS * drawn**2)
    wait = np.where(is_late, 900 + drawn * (np.where(is_late, delivered - promised, 0) + DAY_SECONDS), wait)
    start = np.where(is_late | is_lost, promised, seen)
    return start + wait.astype(np.int64)


def _handled(grievances: Grievances, now: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """First response (minutes to hours) and closing (days, a few over the duty of seven); NO_INSTANT if not yet."""
    rows = len(grievances)
    pace = np.array([1.0, 0.6, 0.35])[grievances.severity]
    responded = grievances.opened + (2400 * pace * rng.lognormal(0.0, 1.1, rows)).astype(np.int64) + 60
    closed = responded + (1.5 * DAY_SECONDS * pace * rng.lognormal(0.0, 1.0, rows)).astype(np.int64) + 600
    return np.where(responded < now, responded, NO_INSTANT), np.where(closed < now, closed, NO_INSTANT)


def _caller_names(book: SalesBook, grievances: Grievances, rng: np.random.Generator) -> pl.Series:
    variant = pick(rng, (0.55, 0.25, 0.05, 0.13, 0.02), len(grievances))
    return blank(book.directory.name(grievances.customer, variant), chance(rng, len(grievances), 0.01))


def _caller_phones(book: SalesBook, grievances: Grievances, rng: np.random.Generator) -> pl.Series:
    """Usually the main number as somebody typed it, sometimes the second one, seldom nothing usable."""
    main = phones.written(rng, book.directory.phone(grievances.customer, CLEAN), noisy=_PHONE_NOISE)
    second = book.directory.phone(grievances.customer, SECOND_PHONE)
    usual = either(chance(rng, len(grievances), 0.08), second, main)
    return either(chance(rng, len(grievances), 0.015), phones.junk(rng, len(grievances)), usual)
