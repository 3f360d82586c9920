"""Cities a carrier serves: codes, region, weight, districts, and towns whose names GBK cannot hold."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from kehu.generate.dice import Floats, Ints, chance


@dataclass(frozen=True, slots=True)
class City:
    """`area` is the telephone code, `digits` the length of a subscriber number, `code` the GB/T 2260 city code."""

    name: str
    province: str
    area: str
    digits: int
    code: str
    weight: float
    districts: tuple[str, ...]
    towns: tuple[str, ...] = ()


# The towns are facts of china-division 2.7.0 (WTFPL); their names need GB18030.
CITIES: tuple[City, ...] = (
    City("深圳市", "广东省", "0755", 8, "440300", 9.0, ("南山区", "宝安区", "龙岗区", "福田区")),
    City("广州市", "广东省", "020", 8, "440100", 8.0, ("天河区", "白云区", "番禺区"), ("白云区江高镇何㘵村",)),
    City("东莞市", "广东省", "0769", 8, "441900", 5.0, ("虎门镇", "长安镇", "南城街道")),
    City("佛山市", "广东省", "0757", 8, "440600", 3.0, ("南海区", "顺德区", "禅城区"), ("三水区㘵心社区",)),
    City("湛江市", "广东省", "0759", 7, "440800", 0.8, ("霞山区", "赤坎区"), ("吴川市塘㙍镇",)),
    City("茂名市", "广东省", "0668", 7, "440900", 0.6, ("茂南区", "电白区"), ("高州市云潭镇河㙟村",)),
    City("上海市", "上海市", "021", 8, "310100", 9.0, ("浦东新区", "闵行区", "嘉定区", "松江区")),
    City("苏州市", "江苏省", "0512", 8, "320500", 4.5, ("吴中区", "昆山市", "常熟市")),
    City("无锡市", "江苏省", "0510", 8, "320200", 2.5, ("新吴区", "锡山区", "江阴市"), ("宜兴市湖㳇镇",)),
    City("南京市", "江苏省", "025", 8, "320100", 3.0, ("江宁区", "鼓楼区", "栖霞区")),
    City("杭州市", "浙江省", "0571", 8, "330100", 6.0, ("余杭区", "萧山区", "西湖区")),
    City("宁波市", "浙江省", "0574", 8, "330200", 3.0, ("鄞州区", "北仑区", "慈溪市")),
    City("金华市", "浙江省", "0579", 8, "330700", 5.0, ("义乌市", "婺城区", "永康市")),
    City("温州市", "浙江省", "0577", 8, "330300", 2.0, ("鹿城区", "瓯海区", "瑞安市")),
    City("合肥市", "安徽省", "0551", 8, "340100", 2.0, ("蜀山区", "包河区")),
    City("六安市", "安徽省", "0564", 7, "341500", 0.6, ("金安区", "裕安区"), ("金寨县流波䃥镇",)),
    City("福州市", "福建省", "0591", 8, "350100", 1.8, ("鼓楼区", "仓山区", "福清市")),
    City("泉州市", "福建省", "0595", 8, "350500", 2.4, ("晋江市", "石狮市", "丰泽区")),
    City("厦门市", "福建省", "0592", 7, "350200", 1.6, ("思明区", "湖里区", "集美区")),
    City("南昌市", "江西省", "0791", 8, "360100", 1.2, ("东湖区", "青山湖区")),
    City("吉安市", "江西省", "0796", 7, "360800", 0.5, ("吉州区", "青原区"), ("新干县麦㙦镇",)),
    City("北京市", "北京市", "010", 8, "110100", 7.0, ("朝阳区", "海淀区", "大兴区", "丰台区")),
    City("天津市", "天津市", "022", 8, "120100", 2.5, ("滨海新区", "武清区", "西青区")),
    City("石家庄市", "河北省", "0311", 8, "130100", 1.8, ("长安区", "裕华区", "藁城区")),
    City("保定市", "河北省", "0312", 7, "130600", 1.2, ("莲池区", "竞秀区"), ("涞源县北石佛镇白䌷村",)),
    City("济南市", "山东省", "0531", 8, "370100", 2.0, ("历下区", "历城区")),
    City("青岛市", "山东省", "0532", 8, "370200", 2.4, ("黄岛区", "城阳区", "市南区")),
    City("临沂市", "山东省", "0539", 7, "371300", 1.8, ("兰山区", "河东区"), ("罗庄区罗庄街道䅟茬窑社区",)),
    City("郑州市", "河南省", "0371", 8, "410100", 3.0, ("金水区", "管城区", "新郑市")),
    City("武汉市", "湖北省", "027", 8, "420100", 3.5, ("武昌区", "东西湖区", "洪山区")),
    City("襄阳市", "湖北省", "0710", 7, "420600", 0.8, ("樊城区", "襄州区"), ("襄城区余家湖街道莫𡐓村",)),
    City("长沙市", "湖南省", "0731", 8, "430100", 2.6, ("岳麓区", "雨花区", "长沙县"), ("长沙县㮾梨街道",)),
    City("岳阳市", "湖南省", "0730", 7, "430600", 0.6, ("岳阳楼区", "君山区"), ("岳阳楼区㴩湖社区",)),
    City("成都市", "四川省", "028", 8, "510100", 4.0, ("武侯区", "双流区", "新都区"), ("大邑县䢺江镇",)),
    City("重庆市", "重庆市", "023", 8, "500100", 3.2, ("渝北区", "沙坪坝区", "九龙坡区")),
    City("贵阳市", "贵州省", "0851", 8, "520100", 1.0, ("南明区", "观山湖区")),
    City("遵义市", "贵州省", "0851", 8, "520300", 0.8, ("红花岗区", "汇川区"), ("正安县桴㯊镇",)),
    City("昆明市", "云南省", "0871", 8, "530100", 1.4, ("官渡区", "盘龙区", "呈贡区")),
    City("西安市", "陕西省", "029", 8, "610100", 2.6, ("雁塔区", "未央区", "长安区")),
    City("沈阳市", "辽宁省", "024", 8, "210100", 1.6, ("铁西区", "浑南区")),
    City("大连市", "辽宁省", "0411", 8, "210200", 1.4, ("甘井子区", "金州区")),
    City("哈尔滨市", "黑龙江省", "0451", 8, "230100", 1.2, ("南岗区", "道里区")),
    City("兰州市", "甘肃省", "0931", 7, "620100", 0.7, ("城关区", "七里河区")),
    City("乌鲁木齐市", "新疆维吾尔自治区", "0991", 7, "650100", 0.6, ("天山区", "沙依巴克区")),
)

NAMES = pl.Series([city.name for city in CITIES])
SHORT_NAMES = pl.Series([city.name.removesuffix("市") for city in CITIES])
PROVINCES = pl.Series([city.province for city in CITIES])
AREA_CODES = pl.Series([city.area for city in CITIES])
WEIGHTS: Floats = np.array([city.weight for city in CITIES])
SUBSCRIBER_DIGITS: Ints = np.array([city.digits for city in CITIES], dtype=np.int64)
ADMIN_CODES: Ints = np.array([int(city.code) for city in CITIES], dtype=np.int64)

_ROADS = ("人民路", "解放路", "建设大道", "工业园区一路", "物流大道", "中山北路", "科技园南路", "新华街", "创业路")
_TOWN_SHARE = 0.08
_ROOM, _WAREHOUSE = 0.3, 0.33  # below: a room number; below: a warehouse, written with comma and quotes


def zones() -> Ints:
    """How far apart two cities are, by index: 0 the same city, 1 the same province, 2 the same part, 3 further.

    The part of the country is the first digit of the GB/T 2260 code.
    """
    province, part = ADMIN_CODES // 10_000, ADMIN_CODES // 100_000
    table = np.full((len(CITIES), len(CITIES)), 3, dtype=np.int64)
    table[part[:, None] == part[None, :]] = 2
    table[province[:, None] == province[None, :]] = 1
    np.fill_diagonal(table, 0)
    return table


def addresses(rng: np.random.Generator, city: Ints) -> pl.Series:
    """A street address in each city, some in the towns with rare characters, some with a comma or quotes."""
    districts = [city.districts + city.towns for city in CITIES]
    flat = pl.Series([name for names in districts for name in names])
    start = np.cumsum([0, *map(len, districts[:-1])])
    common = np.array([len(row.districts) for row in CITIES])
    towns = np.array([len(row.towns) for row in CITIES])
    in_town = (towns[city] > 0) & chance(rng, city.size, _TOWN_SHARE)
    within = np.where(in_town, common[city], (rng.random(city.size) * common[city]).astype(np.int64))
    number = rng.integers(1, 1200, city.size)
    frame = pl.DataFrame(
        {
            "district": flat.gather(start[city] + within),
            "road": pl.Series(_ROADS).gather(rng.integers(0, len(_ROADS), city.size)),
            "number": number,
            "floor": number % 30 + 1,
            "tail": rng.random(city.size),
        }
    )
    end = (
        pl.when(pl.col("tail") < _ROOM)
        .then(pl.format("{}栋{}室", pl.col("floor"), pl.col("number") + 100))
        .when(pl.col("tail") < _WAREHOUSE)
        .then(pl.format(',"{}"仓库', pl.col("floor")))
        .otherwise(pl.lit(""))
    )
    return frame.select(pl.format("{}{}{}号{}", "district", "road", "number", end)).to_series()
