"""What customers owe, month by month, and the finance department's accounts."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kehu.generate import phones
from kehu.generate.accounts import Accounts, numbered
from kehu.generate.blemishes import Blemish
from kehu.generate.calendar import HISTORY_DAYS, PERSON, month_numbers
from kehu.generate.columns import blank
from kehu.generate.crm import SalesBook
from kehu.generate.dice import Ints, chance, pick, stream
from kehu.generate.naming import CLEAN
from kehu.generate.parcels import THIRD_PAYS, Parcels
from kehu.generate.population import ACCOUNT, MEDIUM, NEVER, SMALL, Population

ACCOUNT_BLEMISHES = (Blemish("公司全称", None, "no name"),)
INVOICE_BLEMISHES = (
    Blemish("金额分", "待核", "not a number"),
    Blemish("月份", "2025-13", "no such month"),
    Blemish("财务账号", None, "no account"),
)
_SMALL_SHARE, _TWICE_SHARE = 0.3, 0.03
_TERMS = pl.Series(["月结30天", "月结60天", "周结", "现结"])


class Ledger:
    """Sums what each account is charged a month, as parcels come by. Cancelled parcels cost nothing."""

    def __init__(self, accounts: Accounts, first: date) -> None:
        self._accounts = accounts
        months = month_numbers(first, HISTORY_DAYS)
        self._month = months - months[0]
        self.first_month, self.last_month = int(months[0]), int(months[-1])
        self.last_day = (first + timedelta(days=HISTORY_DAYS - 1)).day
        self.fen: NDArray[np.int64] = np.zeros((accounts.owner.size, int(self._month[-1]) + 1), dtype=np.int64)

    def add(self, parcels: Parcels) -> None:
        """Charge this block to those who pay for it, as far as they have an account."""
        second = self._accounts.second[parcels.payer]
        use_second = (parcels.payment == THIRD_PAYS) & (second >= 0)
        account = np.where(use_second, second, self._accounts.first[parcels.payer])
        charged = account >= 0
        cell = account[charged] * self.fen.shape[1] + self._month[parcels.day[charged]]
        cells, inverse = np.unique(cell, return_inverse=True)
        sums = np.bincount(inverse, weights=parcels.revenue[charged], minlength=cells.size)
        self.fen.ravel()[cells] += np.rint(sums).astype(np.int64)


def open_finance_accounts(population: Population, seed: int) -> Accounts:
    """Accounts for firms and shops that settle by month: all that are not small, three small ones in ten.

    Three in a hundred have a second account, which takes what they pay for others' parcels.
    """
    rng = stream(seed, "finance-accounts")
    settles = (population.role == ACCOUNT) & (population.kind != PERSON)
    settles &= (population.size >= MEDIUM) | ((population.size == SMALL) & chance(rng, settles.size, _SMALL_SHARE))
    return numbered(np.flatnonzero(settles), population.customers, rng, second=_TWICE_SHARE, prefix="F")


def finance_account_rows(book: SalesBook, accounts: Accounts) -> pl.DataFrame:
    """The account list: legal names, tax codes that are right but sometimes missing, the sales account now and then."""
    rng = stream(book.seed, "finance")
    owner, rows = accounts.owner, accounts.owner.size
    line = phones.landlines(book.seed, owner, book.population.city[owner])
    mobile = phones.written(rng, book.directory.phone(owner, CLEAN), noisy=0.3)
    is_line = pl.Series(chance(rng, rows, 0.5))
    sales = book.accounts.number.gather(book.accounts.first[owner])
    return pl.DataFrame(
        {
            "财务账号": accounts.number,
            "公司全称": book.directory.name(owner, pick(rng, (0.86, 0.07, 0.0, 0.07, 0.0), rows)),
            "税号": blank(book.tax_code.gather(owner), chance(rng, rows, 0.06)),
            "开票电话": mobile.zip_with(~is_line, line),
            "客户编号": blank(sales, chance(rng, rows, 0.4)),
            "结算方式": _TERMS.gather(pick(rng, (0.62, 0.2, 0.1, 0.08), rows)),
        }
    )


def invoice_rows(book: SalesBook, accounts: Accounts, ledger: Ledger) -> pl.DataFrame:
    """One invoice for each account and month with charges, in order of months; those who leave pay less reliably.

    Invoices are paid in the following month, if that day has come.
    """
    rng = stream(book.seed, "invoices")
    month, account = np.nonzero(ledger.fen.T)
    rows, age = month.size, ledger.fen.shape[1] - 1 - month
    leaves = book.population.churn[accounts.owner[account]] != NEVER
    is_paid = chance(rng, rows, np.clip(0.4 + 0.3 * age, 0.0, 0.98) * np.where(leaves, 0.85, 1.0))
    number = ledger.first_month + month
    day = rng.integers(1, 29, rows)
    is_paid &= ((number + 1) * 100 + day) <= (ledger.last_month * 100 + ledger.last_day)
    paid_on = _months(number + 1) + "-" + pl.Series(day).cast(pl.String).str.zfill(2)
    return pl.DataFrame(
        {
            "发票号": "FP" + pl.Series(np.arange(1, rows + 1)).cast(pl.String).str.zfill(9),
            "财务账号": accounts.number.gather(account),
            "月份": _months(number),
            "金额分": ledger.fen[account, month],
            "已付": is_paid.astype(np.int64),
            "付款日期": blank(paid_on, ~is_paid),
        }
    )


def _months(number: Ints) -> pl.Series:
    """Months since year 0 as 2025-07."""
    year, month = (pl.Series(part).cast(pl.String) for part in (number // 12, number % 12 + 1))
    return year + "-" + month.str.zfill(2)
