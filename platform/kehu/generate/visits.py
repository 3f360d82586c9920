"""Visits and call-backs by staff, with the satisfaction taken on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from kehu.generate import phones
from kehu.generate.blemishes import Blemish
from kehu.generate.calendar import HISTORY_DAYS
from kehu.generate.columns import DAY_SECONDS, blank, dates, day_number, instants
from kehu.generate.crm import SalesBook
from kehu.generate.dice import Flags, Floats, Ints, blocks, chance, pick, pick_by_row, stream
from kehu.generate.employees import SERVICE, STAFF
from kehu.generate.naming import CLEAN
from kehu.generate.population import ACCOUNT, PROSPECT, Population, late_rate

VISIT_BLEMISHES = (
    Blemish("计划日期", "2025/02/30", "no such date"),
    Blemish("计划日期", "下周", "not a date"),
    Blemish("时效满意度", "很好", "not a number"),
    Blemish("整体服务满意度", "9", "outside 1 to 5"),
)
_ROWS = 1 << 17
_YEARLY = np.array([0.0, 0.35, 2.5, 8.0])  # visits a year, by size
_PURPOSES = pl.Series(["回访", "拜访", "报价", "投诉回访", "咨询", "满意度调查"])
_PURPOSE_SHARES = np.array([[0.40, 0.24, 0.04, 0.08, 0.06, 0.18], [0.15, 0.35, 0.30, 0.0, 0.20, 0.0]])
_CHANNELS = pl.Series(["电话", "上门", "微信", "邮件"])
_OUTCOMES = pl.Series(["满意", "一般", "不满意", "待跟进", "无法联系"])
_SCORES = ("时效满意度", "态度满意度", "专业满意度", "整体服务满意度", "派送满意度", "改进满意度")
_LATENESS_WEIGHT = np.array([6.5, 2.0, 1.5, 4.0, 4.5, 3.5])  # points a share late of 1 would cost
_OFFSET = np.array([0.0, 0.2, 0.1, 0.0, 0.0, -0.3])
_BOTH = 1  # 0: account number only, 2: name and telephone only
_CONTENT, _FAIR = 4, 3  # mean scores
_SOON_DAYS, _USUAL_DAYS = 7, 90
_SCORED, _DIMENSION_SCORED = 0.55, 0.9
_AHEAD_DAYS = 30  # visits are planned so far beyond the end


@dataclass(frozen=True, slots=True)
class Visits:
    """All visits in order of their due day; `held` is NO_HELD where it did not take place. Days are of the history."""

    customer: Ints
    due: Ints
    held: Ints


NO_HELD = -(1 << 30)


def plan_visits(population: Population, seed: int) -> Visits:
    """Who is visited when: the larger the oftener, prospects one to four times, potentials never."""
    rng = stream(seed, "visits")
    often = np.where(population.role == ACCOUNT, _YEARLY[population.size] * HISTORY_DAYS / 365, 0.0)
    count = rng.poisson(often)
    prospects = population.role == PROSPECT
    count[prospects] = 1 + rng.binomial(3, 0.35, int(prospects.sum()))
    customer = np.repeat(np.arange(population.customers), count)
    earliest = np.clip(population.first_contact[customer], 0, HISTORY_DAYS - 1)
    latest = np.minimum(population.churn[customer] + 60, HISTORY_DAYS + _AHEAD_DAYS)
    due = earliest + (rng.random(customer.size) * np.maximum(latest - earliest, 1)).astype(np.int64)
    order = np.lexsort((customer, due))
    customer, due = customer[order], due[order]
    held = due + np.rint(rng.normal(0.0, 4.0, due.size)).astype(np.int64)
    took_place = (held < HISTORY_DAYS) & (held >= 0) & chance(rng, due.size, 0.88)
    return Visits(customer, due, np.where(took_place, held, NO_HELD))


def visit_rows(book: SalesBook, visits: Visits, first: date) -> Iterator[tuple[pl.DataFrame, Ints]]:
    """The visit list in pieces, all columns text, with the true customer of each row."""
    for block in blocks(visits.customer.size, _ROWS):
        rng = stream(book.seed, "visit-rows", block.number)
        span = slice(block.start, block.stop)
        part = Visits(visits.customer[span], visits.due[span], visits.held[span])
        number = "V" + pl.Series(np.arange(block.start + 1, block.stop + 1)).cast(pl.String).str.zfill(9)
        scores = _scores(book.population, part, rng)
        columns = [
            number.alias("回访编号"),
            *_whom(book, part.customer, rng),
            *_what(book, part, rng),
            *_when(part, first, rng),
            *(score.alias(name) for name, score in zip(_SCORES, _score_texts(scores), strict=True)),
            *_result(part, scores, first, rng),
        ]
        yield pl.DataFrame(columns), part.customer


def _whom(book: SalesBook, customer: Ints, rng: np.random.Generator) -> list[pl.Series]:
    """The account number, or name and telephone, or (one in ten) both."""
    way = pick(rng, (0.65, 0.10, 0.25), customer.size)
    by_account, by_name = way <= _BOTH, way >= _BOTH
    second = book.accounts.second[customer]
    use_second = (second >= 0) & chance(rng, customer.size, 0.3)
    account = np.where(use_second, second, book.accounts.first[customer])
    variant = pick(rng, (0.75, 0.15, 0.0, 0.09, 0.01), customer.size)
    phone = phones.written(rng, book.directory.phone(customer, CLEAN), noisy=0.4)
    return [
        blank(book.accounts.number.gather(account), ~by_account).alias("客户编号"),
        blank(book.directory.name(customer, variant), ~by_name).alias("客户名称"),
        blank(phone, ~by_name).alias("联系电话"),
    ]


def _what(book: SalesBook, visits: Visits, rng: np.random.Generator) -> list[pl.Series]:
    rows = visits.customer.size
    is_prospect = (book.population.role[visits.customer] == PROSPECT).astype(np.int64)
    callers = book.staff.those((SERVICE,), (STAFF,))
    manager = book.manager[visits.customer]
    by_caller = (manager < 0) | chance(rng, rows, 0.3)
    staff = np.where(by_caller, callers[rng.integers(0, callers.size, rows)], manager)
    purpose = pick_by_row(rng.random(rows), _PURPOSE_SHARES, is_prospect)
    return [
        _PURPOSES.gather(purpose).alias("回访目的"),
        _CHANNELS.gather(pick(rng, (0.58, 0.22, 0.16, 0.04), rows)).alias("回访方式"),
        book.staff.number.gather(staff).alias("员工工号"),
    ]


def _when(visits: Visits, first: date, rng: np.random.Generator) -> list[pl.Series]:
    is_held = visits.held != NO_HELD
    in_day = rng.integers(9 * 60, 18 * 60, visits.held.size) * 60
    held = instants((np.where(is_held, visits.held, 0) + day_number(first)) * DAY_SECONDS + in_day)
    due = dates(visits.due + day_number(first))
    return [
        due.dt.to_string("%Y/%m/%d").alias("计划日期"),
        blank(held.dt.to_string("%Y/%m/%d %H:%M"), ~is_held).alias("实际时间"),
    ]


def _scores(population: Population, visits: Visits, rng: np.random.Generator) -> Floats:
    """One row per visit, one column per dimension; 0 where none was given. Lower where parcels come late."""
    rows = visits.customer.size
    late = late_rate(population, visits.customer, np.minimum(visits.due, HISTORY_DAYS))
    mood = rng.normal(0.0, 0.45, rows)
    level = 4.55 + _OFFSET - late[:, None] * _LATENESS_WEIGHT + mood[:, None]
    scores = np.clip(np.rint(level + rng.normal(0.0, 0.5, level.shape)), 1, 5)
    asked = (visits.held != NO_HELD) & chance(rng, rows, _SCORED) & (population.role[visits.customer] == ACCOUNT)
    given: Flags = asked[:, None] & chance(rng, level.shape, _DIMENSION_SCORED)
    return np.where(given, scores, 0.0)


def _score_texts(scores: Floats) -> list[pl.Series]:
    return [blank(pl.Series(column.astype(np.int64)).cast(pl.String), column == 0) for column in scores.T]


def _result(visits: Visits, scores: Floats, first: date, rng: np.random.Generator) -> list[pl.Series]:
    """The outcome follows the scores where there are any; a low mean brings the next visit nearer."""
    rows = visits.customer.size
    given = (scores > 0).sum(axis=1)
    mean = scores.sum(axis=1) / np.maximum(given, 1)
    outcome = np.where(
        given == 0,
        pick(rng, (0.35, 0.2, 0.03, 0.3, 0.12), rows),
        np.select([mean >= _CONTENT, mean >= _FAIR], [0, 1], 2),
    )
    next_due = dates(visits.due + np.where((given > 0) & (mean < _FAIR), _SOON_DAYS, _USUAL_DAYS) + day_number(first))
    has_next = (visits.held != NO_HELD) & chance(rng, rows, 0.5)
    return [
        blank(_OUTCOMES.gather(outcome), visits.held == NO_HELD).alias("结果"),
        blank(next_due.dt.to_string("%Y/%m/%d"), ~has_next).alias("下次日期"),
    ]
