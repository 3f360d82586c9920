"""The sales department's customer list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from kehu.generate import phones, places
from kehu.generate.accounts import Accounts
from kehu.generate.blemishes import Blemish
from kehu.generate.calendar import COMPANY, HISTORY_DAYS, PERSON
from kehu.generate.columns import blank, dates, day_number, either
from kehu.generate.dice import Flags, Ints, blocks, chance, pick, scatter, stream
from kehu.generate.employees import Staff
from kehu.generate.naming import CLEAN, MISSPELT, SECOND_PHONE, SECOND_SLOT, WRITTEN_OTHERWISE, Directory, person_names
from kehu.generate.population import ACCOUNT, NEVER, PROSPECT, Population
from kehu.generate.words import INDUSTRY_NAMES, TITLE_ROLES, TITLES

CRM_BLEMISHES = (
    Blemish("首次接触日期", "2024-13-45", "no such date"),
    Blemish("首次接触日期", "昨天", "not a date"),
    Blemish("客户编号", None, "no account number"),
    Blemish("客户名称", None, "no name"),
)
_ROWS = 1 << 17
_STATUSES = pl.Series(["正式", "意向", "潜在", "停用"])
_KINDS = pl.Series(["企业", "个体工商户", "个人"])
_LOCAL_PARTS = ("sales", "wuliu", "caigou", "office", "service", "li.wei", "zhang", "chen88", "info", "fahuo")


@dataclass(frozen=True, slots=True)
class SalesBook:
    """Everything the departments know customers by; `manager` is an employee's index or -1, `tax_code` per customer.

    `seed` is the carrier's, from which numbers and draws follow.
    """

    population: Population
    directory: Directory
    accounts: Accounts
    staff: Staff
    manager: Ints
    tax_code: pl.Series
    seed: int


def crm_rows(book: SalesBook, first: date) -> Iterator[pl.DataFrame]:
    """The list in pieces, in order of account numbers; all columns are text. `first` is the history's first day."""
    duplicate = book.accounts.is_duplicate
    for block in blocks(book.accounts.owner.size, _ROWS):
        rng = stream(book.seed, "crm", block.number)
        span = slice(block.start, block.stop)
        customer, again = book.accounts.owner[span], duplicate[span]
        yield pl.DataFrame(
            [
                book.accounts.number[span].alias("客户编号"),
                *_who(book, customer, again, rng),
                *_reach(book, customer, again, rng),
                *_status(book, customer, first, rng),
            ]
        )


def _who(book: SalesBook, customer: Ints, again: Flags, rng: np.random.Generator) -> list[pl.Series]:
    population, rows = book.population, customer.size
    usual = pick(rng, (0.90, 0.05, 0.0, 0.01, 0.0), rows)
    otherwise = np.array([WRITTEN_OTHERWISE, SECOND_PHONE, MISSPELT])[pick(rng, (0.5, 0.2, 0.3), rows)]
    kind, city = population.kind[customer], population.city[customer]
    industry = INDUSTRY_NAMES.gather(population.industry[customer].clip(min=0))
    return [
        book.directory.name(customer, np.where(again, otherwise, usual)).alias("客户名称"),
        _KINDS.gather(kind).alias("客户类型"),
        blank(industry, (kind == PERSON) | chance(rng, rows, 0.05)).alias("行业"),
        places.PROVINCES.gather(city).alias("省份"),
        places.NAMES.gather(city).alias("城市"),
        blank(places.addresses(rng, city), chance(rng, rows, 0.05)).alias("地址"),
    ]


def _reach(book: SalesBook, customer: Ints, again: Flags, rng: np.random.Generator) -> list[pl.Series]:
    population, rows = book.population, customer.size
    is_person = population.kind[customer] == PERSON
    title = rng.integers(0, len(TITLES), rows)
    contact = either(is_person, book.directory.name(customer, CLEAN), person_names(rng, rows))
    landline = phones.landlines(book.seed, customer, population.city[customer])
    has_no_line = (population.kind[customer] != COMPANY) | chance(rng, rows, 0.4)
    code = blank(book.tax_code.gather(customer), is_person | chance(rng, rows, np.where(again, 0.5, 0.15)))
    return [
        blank(contact, chance(rng, rows, 0.03)).alias("联系人"),
        blank(pl.Series(TITLES).gather(title), is_person | chance(rng, rows, 0.1)).alias("职务"),
        blank(pl.Series(TITLE_ROLES).gather(title), is_person | chance(rng, rows, 0.2)).alias("决策角色"),
        blank(_mobiles(book, customer, again, rng), chance(rng, rows, 0.04)).alias("手机"),
        blank(landline, has_no_line).alias("固定电话"),
        _emails(customer, is_person, rng).alias("邮箱"),
        _mistyped(code, rng, 0.02).alias("统一社会信用代码"),
    ]


def _mobiles(book: SalesBook, customer: Ints, again: Flags, rng: np.random.Generator) -> pl.Series:
    """Mostly the number the customer ships under; a duplicate account often has another, a few are wrong."""
    other = _second_mobiles(book, customer)
    is_other = again & chance(rng, customer.size, 0.4)
    mobile = either(is_other, other, book.directory.phone(customer, CLEAN))
    mobile = _mistyped(phones.written(rng, mobile, noisy=0.25), rng, 0.005)
    return either(chance(rng, customer.size, 0.01), phones.junk(rng, customer.size), mobile)


def _second_mobiles(book: SalesBook, customer: Ints) -> pl.Series:
    """The second mobile of each customer."""
    return phones.mobiles(book.seed, customer + book.population.customers * SECOND_SLOT)


def _mistyped(text: pl.Series, rng: np.random.Generator, share: float) -> pl.Series:
    """A share of the cells with their last-but-one character left out."""
    return either(rng.random(text.len()) < share, text.str.slice(0, text.str.len_chars() - 2) + text.str.tail(1), text)


def _emails(customer: Ints, is_person: Flags, rng: np.random.Generator) -> pl.Series:
    """Addresses under example.com, which nobody owns (RFC 2606); many customers gave none."""
    local = pl.Series(_LOCAL_PARTS).gather(rng.integers(0, len(_LOCAL_PARTS), customer.size))
    number = pl.Series((scatter(customer, 1) % np.uint64(10**7)).astype(np.int64)).cast(pl.String)
    address = either(is_person, local + number + "@mail.example.com", local + "@kh" + number + ".example.com")
    shouted = either(chance(rng, customer.size, 0.05), address.str.to_uppercase(), address)
    return blank(shouted, chance(rng, customer.size, np.where(is_person, 0.6, 0.3)))


def _status(book: SalesBook, customer: Ints, first: date, rng: np.random.Generator) -> list[pl.Series]:
    population, rows = book.population, customer.size
    role, manager = population.role[customer], book.manager[customer]
    is_left = (population.churn[customer] != NEVER) & chance(rng, rows, 0.3)
    status = np.where(is_left, 3, np.where(role == ACCOUNT, 0, np.where(role == PROSPECT, 1, 2)))
    contact = dates(np.minimum(population.first_contact[customer], HISTORY_DAYS - 1) + day_number(first))
    consent = either(chance(rng, rows, 0.77), "同意", "拒绝")
    return [
        blank(book.staff.number.gather(manager.clip(min=0)), manager < 0).alias("客户经理工号"),
        _STATUSES.gather(status).alias("客户状态"),
        blank(contact.dt.to_string("%Y-%m-%d"), chance(rng, rows, 0.02)).alias("首次接触日期"),
        pl.Series(["否", "是"]).gather(population.is_project[customer].astype(np.int64)).alias("项目客户"),
        blank(consent, chance(rng, rows, 0.2)).alias("营销同意"),
    ]
