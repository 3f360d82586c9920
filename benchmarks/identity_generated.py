"""How right identity is on generated records and what it takes: ours and Splink in processes of their own.

    python benchmarks/identity_generated.py [--records N] [--rounds N] [--no-peer]

CPU seconds and peak memory are those of one process each; the sides take turns, and ratios are taken within a round.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "platform"))

from kehu.identity.islands import islands  # noqa: E402
from kehu.identity.resolve import normalised, resolve  # noqa: E402
from kehu.identity.rule_file import read_identity_rules  # noqa: E402
from kehu.identity.rules import PLAIN_RULES  # noqa: E402
from kehu.identity.suggestions import suggested  # noqa: E402


def cpu() -> float:
    """CPU seconds of this process and its threads."""
    return time.process_time()


def peak_mb() -> float:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def generated(count: int, seed: int) -> tuple[pl.DataFrame, pl.Series]:
    """Records of customers that several departments know, and whose each is.

    Names, phones and mail with the slips of life: 10 % of phones and 30 % of mail are missing, 3 % of names
    have a character wrong or swapped, companies come with and without their city and legal form.
    """
    dice = np.random.default_rng(seed)
    customers = max(count * 2 // 5, 1)
    owner = np.sort(np.concatenate([np.arange(customers), dice.integers(0, customers, count - customers)]))
    letters = np.array(list("瑞联海图信万盛通泰亿捷嘉富源兴昌华天方荣迅鸿永顺康腾隆达新地诚江"))
    trades = np.array(["印刷", "物流", "贸易", "电子科技", "机械", "食品", "服装", "照明", "农业发展", "日用品"])
    cities = np.array(["上海", "北京", "昆明", "天津", "苏州", "长沙", "福州", "青岛", "深圳", "成都"])
    surnames = np.array(list("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"))
    given = np.array(list("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰"))
    is_company = dice.random(customers) < 0.5
    stem = [dice.integers(0, len(letters), customers) for _ in range(3)]
    company = np.char.add(np.char.add(letters[stem[0]], letters[stem[1]]), letters[stem[2]])
    company = np.char.add(company, trades[dice.integers(0, len(trades), customers)])
    person = surnames[dice.integers(0, len(surnames), customers)]
    for _ in range(2):
        person = np.char.add(person, given[dice.integers(0, len(given), customers)])
    city = cities[dice.integers(0, len(cities), customers)]
    phones = 13_000_000_000 + dice.choice(6_999_999_999, customers, replace=False)
    way = dice.random(count)
    names = pl.DataFrame(
        {"company": is_company[owner], "core": company[owner], "person": person[owner], "city": city[owner], "way": way}
    ).select(
        pl.when("company")
        .then(
            pl.when(pl.col("way") < 0.6)
            .then(pl.col("city") + pl.lit("市") + pl.col("core") + pl.lit("有限公司"))
            .when(pl.col("way") < 0.8)
            .then(pl.col("core") + pl.lit("有限责任公司"))
            .when(pl.col("way") < 0.97)
            .then(pl.col("core") + pl.lit("（") + pl.col("city") + pl.lit("）有限公司"))
            .otherwise(pl.col("city") + pl.col("core").str.slice(0, 1) + pl.col("core").str.slice(2) + pl.lit("公司"))
        )
        .otherwise(pl.when(pl.col("way") < 0.9).then("person").otherwise(pl.col("person") + pl.lit("女士")))
        .alias("name")
    )["name"]
    present = {field: dice.random(count) < share for field, share in (("phone", 0.9), ("email", 0.7))}
    frame = pl.DataFrame(
        {
            "id": np.arange(1, count + 1),
            "key": np.arange(1, count + 1).astype(str),
            "name": names,
            "phone": phones[owner].astype(str),
            "email": np.char.add(np.char.add("c", owner.astype(str)), "@example.com"),
            "system": np.array(["crm", "tms", "finance", "callcentre"])[dice.integers(0, 4, count)],
        }
    )
    nothing = ("phone_2", "tax_code", "address", "reference_system", "reference_key", "same_as_system", "same_as_key")
    frame = frame.with_columns(
        pl.when(pl.Series(present["phone"])).then("phone").alias("phone"),
        pl.when(pl.Series(present["email"])).then("email").alias("email"),
        pl.lit("file").alias("origin"),
        *(pl.lit(None, pl.String).alias(name) for name in nothing),
    )
    return frame, pl.Series("owner", owner)


def measure_ours(count: int) -> dict[str, float]:
    """Keys and islands over generated records: how right, how fast, how much memory."""
    frame, owner = generated(count, seed=1)
    rules, _ = read_identity_rules((ROOT / "rules/identity.yaml").read_text(encoding="utf-8"), "identity.yaml", "CN")
    begun = cpu()
    ready = normalised(frame, "CN")
    middle = cpu()
    found = resolve(ready, rules).customers
    done = cpu()
    judged = frame.select("id").with_columns(owner).join(found, on="id")
    right = _count(judged, "uid", "owner")
    print(f"{count:,} generated records, {owner.n_unique():,} customers")
    print(f"  Kehu: precision {right / _count(judged, 'uid'):.5f} recall {right / _count(judged, 'owner'):.4f}")
    print(f"  CPU s: comparable forms {middle - begun:.1f}, keys and islands {done - middle:.1f}")
    begun = cpu()
    resolve(ready, PLAIN_RULES)
    exact = cpu() - begun
    print(f"  by the exact keys alone: CPU s {exact:.1f}")
    print(f"  peak memory so far {peak_mb():,.0f} MB")
    begun = cpu()
    pairs = suggested(ready.with_columns(city=pl.lit(None, pl.String)).join(found, on="id"), rules, least=0.1)
    reviewed = cpu() - begun
    print(f"  suggestions: CPU s {reviewed:.1f}")
    for least in (0.9, 0.5, 0.1):
        _judge_suggestions(judged, pairs.filter(pl.col("probability") >= least), f"of {least} or more")
    print(f"  peak memory with suggestions and their judging {peak_mb():,.0f} MB")
    return {"exact": exact, "keys": done - middle, "keys and suggestions": done - middle + reviewed}


def _judge_suggestions(judged: pl.DataFrame, pairs: pl.DataFrame, what: str) -> None:
    """All of them approved, and those alone that a person who knows the truth approves."""
    owners = judged.select("uid", "owner").unique("uid")
    known = pairs.join(owners, left_on="left_uid", right_on="uid").join(owners, left_on="right_uid", right_on="uid")
    for which, chosen in (("approved", pairs), ("reviewed", known.filter(pl.col("owner") == pl.col("owner_right")))):
        uids = judged["uid"].unique().sort()
        sides = [chosen.with_row_index("key").select("key", id=f"{side}_uid") for side in ("left", "right")]
        together = pl.DataFrame({"id": uids}).with_columns(islands(uids, pl.concat(sides)))
        joined = judged.join(together, left_on="uid", right_on="id")
        right = _count(joined, "island", "owner")
        precision, recall = right / _count(joined, "island"), right / _count(joined, "owner")
        print(f"  {len(pairs):,} suggestions {what}, {which}: precision {precision:.5f} recall {recall:.4f}")


def measure_deterministic(count: int) -> dict[str, float]:
    """Splink's deterministic link by the two exact keys, from our comparable forms."""
    import splink  # noqa: PLC0415  # a peer that may be missing

    rules = [splink.block_on("phone_key", "name_key"), splink.block_on("email_key", "name_key")]
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        blocking_rules_to_generate_predictions=rules,
        comparisons=[],
    )
    frame, owner = generated(count, seed=1)
    given = normalised(frame, "CN").select("id", "name_key", "phone_key", "email_key").to_pandas()
    begun = cpu()
    linker = splink.Linker(splink.DuckDBAPI().register(given), settings)
    pairs = linker.inference.deterministic_link()
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs).as_pandas_dataframe()
    spent = cpu() - begun
    print("  Splink, deterministic link by the two exact keys, from our comparable forms")
    _judge_splink(pl.from_pandas(found[["id", "cluster_id"]]), frame, owner)
    print(f"  CPU s {spent:.1f}, peak memory {peak_mb():,.0f} MB", flush=True)
    return {"deterministic": spent}


def measure_probabilistic(count: int) -> dict[str, float]:
    """Splink's model of name, phone and mail, trained and linked, from our comparable forms and by our blocks."""
    import splink  # noqa: PLC0415  # a peer that may be missing
    import splink.comparison_library as cl  # noqa: PLC0415

    blocks = [splink.block_on(f"{field}_key") for field in ("phone", "email", "name")]
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        blocking_rules_to_generate_predictions=blocks,
        comparisons=[
            cl.JaroWinklerAtThresholds("name_key", [0.9, 0.7]),
            cl.ExactMatch("phone_key"),
            cl.ExactMatch("email_key"),
        ],
    )
    frame, owner = generated(count, seed=1)
    given = normalised(frame, "CN").select("id", "name_key", "phone_key", "email_key").to_pandas()
    begun = cpu()
    linker = splink.Linker(splink.DuckDBAPI().register(given), settings)
    exact = [splink.block_on(f"{field}_key", "name_key") for field in ("phone", "email")]
    linker.training.estimate_probability_two_random_records_match(exact, recall=0.9)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in blocks[:2]:
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    pairs = linker.inference.predict(threshold_match_probability=0.5)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, 0.5).as_pandas_dataframe()
    spent = cpu() - begun
    print("  Splink, probabilistic link of .5 or more, from our comparable forms")
    _judge_splink(pl.from_pandas(found[["id", "cluster_id"]]), frame, owner)
    print(f"  CPU s {spent:.1f}, peak memory {peak_mb():,.0f} MB", flush=True)
    return {"probabilistic": spent}


def _judge_splink(found: pl.DataFrame, frame: pl.DataFrame, owner: pl.Series) -> None:
    judged = frame.select("id").with_columns(owner).join(found, on="id")
    right = _count(judged, "cluster_id", "owner")
    print(f"  precision {right / _count(judged, 'cluster_id'):.5f} recall {right / _count(judged, 'owner'):.4f}")


SIDES = {"ours": measure_ours, "deterministic": measure_deterministic, "probabilistic": measure_probabilistic}
RATIOS = (
    ("exact", "deterministic"),
    ("keys", "deterministic"),
    ("keys", "probabilistic"),
    ("keys and suggestions", "probabilistic"),
)


def compare(count: int, rounds: int, *, peer: bool) -> None:
    """Every side in a process of its own, in turns; then the ratios."""
    spent = []
    for _ in range(rounds):
        seconds: dict[str, float] = {}
        for side in SIDES if peer else ("ours",):
            command = [sys.executable, __file__, side, "--records", str(count)]
            *said, last = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
            print("\n".join(said), flush=True)
            seconds |= json.loads(last)
        spent.append(seconds)
    for one, other in RATIOS if peer else ():
        ratios = [seconds[one] / seconds[other] for seconds in spent]
        shown = f"min {min(ratios):.2f}, median {statistics.median(ratios):.2f}, max {max(ratios):.2f}"
        print(f"CPU of Kehu's {one} to Splink's {other} link: {shown}")


def _count(frame: pl.DataFrame, *by: str) -> float:
    return float(frame.group_by(by).len().select((pl.col("len").cast(pl.Int64) * (pl.col("len") - 1) / 2).sum()).item())


def main() -> None:
    """Measure one side in this process, or all in others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", nargs="?", choices=("all", *SIDES), default="all")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--no-peer", action="store_true", help="without Splink")
    chosen = parser.parse_args()
    if chosen.side == "all":
        compare(chosen.records, chosen.rounds, peer=not chosen.no_peer)
    else:
        print(json.dumps(SIDES[chosen.side](chosen.records)))


if __name__ == "__main__":
    main()
