"""The shipping system's export of waybills."""

import numpy as np
import polars as pl

from kehu.generate import places
from kehu.generate.accounts import Accounts
from kehu.generate.blemishes import Blemish
from kehu.generate.calendar import PERSON
from kehu.generate.columns import instants
from kehu.generate.dice import Ints
from kehu.generate.naming import Directory
from kehu.generate.parcels import THIRD_PAYS, Parcels
from kehu.generate.population import Population
from kehu.generate.tariff import SERVICES
from kehu.generate.words import GOODS, PER_INDUSTRY

WAYBILL_BLEMISHES = (
    Blemish("重量kg", -1.5, "negative weight"),
    Blemish("运单号", None, "no waybill number"),
    Blemish("揽收时间", None, "no instant of acceptance"),
    Blemish("件数", -1, "negative number of pieces"),
)
_PAYMENTS = pl.Series(["寄付", "到付", "第三方付"])
_STATUSES = pl.Series(["签收", "在途", "退回", "丢失", "取消"])
_SERVICES = pl.Series(SERVICES)
_FIRST_NUMBER = 70_000_000_000


def waybill_numbers(row: Ints) -> pl.Series:
    """KH, eleven digits and a check digit (the number modulo 7), by the parcel's place in the whole export."""
    body = row + _FIRST_NUMBER
    return "KH" + pl.Series(body * 10 + body % 7).cast(pl.String)


def waybill_rows(parcels: Parcels, population: Population, accounts: Accounts, directory: Directory) -> pl.DataFrame:
    """The block as the shipping system exports it: local times without zone, amounts in yuan with two decimals."""
    from_city, to_city = population.city[parcels.sender], population.city[parcels.receiver]
    row = np.arange(parcels.start, parcels.start + parcels.sender.size)
    payer = np.where(parcels.payment == THIRD_PAYS, accounts.first[parcels.payer], -1)
    return pl.DataFrame(
        {
            "运单号": waybill_numbers(row),
            "寄件客户编号": _account_numbers(accounts, parcels.account),
            "寄件人": directory.name(parcels.sender, parcels.sender_variant),
            "寄件电话": directory.phone(parcels.sender, parcels.sender_variant),
            "收件人": directory.name(parcels.receiver, parcels.receiver_variant),
            "收件电话": directory.phone(parcels.receiver, parcels.receiver_variant),
            "收件城市": places.NAMES.gather(to_city),
            "付款方式": _PAYMENTS.gather(parcels.payment),
            "付款客户编号": _account_numbers(accounts, payer),
            "产品": _SERVICES.gather(parcels.service),
            "始发地": places.SHORT_NAMES.gather(from_city),
            "目的地": places.SHORT_NAMES.gather(to_city),
            "揽收时间": instants(parcels.accepted),
            "承诺时间": instants(parcels.promised),
            "签收时间": instants(parcels.delivered),
            "运单状态": _STATUSES.gather(parcels.status),
            "件数": pl.Series(parcels.pieces, dtype=pl.Int32),
            "重量kg": parcels.grams / 1000,
            "托寄物": GOODS.gather(_goods(parcels, population)),
            "运费元": _yuan(parcels.revenue),
            "成本元": _yuan(parcels.cost),
        }
    )


def _account_numbers(accounts: Accounts, account: Ints) -> pl.Series:
    return accounts.number.gather(pl.Series(account).replace(-1, None))


def _goods(parcels: Parcels, population: Population) -> Ints:
    """Goods of the shipper's trade; private persons send goods of any trade, one each."""
    industry = population.industry[parcels.sender]
    trade = np.where(
        population.kind[parcels.sender] == PERSON, parcels.sender % (GOODS.len() // PER_INDUSTRY), industry
    )
    return trade * PER_INDUSTRY + parcels.goods


def _yuan(fen: Ints) -> pl.Series:
    """Exact amounts with two decimals."""
    whole, rest = pl.Series(fen // 100), pl.Series(fen % 100)
    return (
        whole.cast(pl.Decimal(12, 2)) + rest.cast(pl.Decimal(12, 2)) * pl.Series([0.01]).cast(pl.Decimal(12, 2))
    ).cast(pl.Decimal(12, 2))
