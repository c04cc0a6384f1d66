"""Every layer and column of a park, once: name, kind, unit, meaning, Chinese term, who writes it.

Validation, the reader's column aliases, the documentation page and the field comments of the GeoPackage are all made
from the two tables below. They are the only Python text of the project that holds Chinese: a term is translated here,
beside the word the code uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

__all__ = [
    "COLUMNS",
    "LAYERS",
    "UNKNOWN_USE",
    "VERDICTS",
    "Column",
    "Layer",
    "column",
    "columns_of",
    "needed_columns",
]

#: The code of a parcel whose use is not known.
UNKNOWN_USE = "unknown"
#: What an evaluation can say.
VERDICTS = ("yes", "no", "unknown")


@dataclass(frozen=True, slots=True)
class Layer:
    """A table of a park or of a result.

    Attributes
    ----------
    name, meaning, term
        English name, what a row is, Chinese term.
    geometry
        ``polygon``, ``line``, ``point``, ``any`` or ``none``.
    id_column
        The column that becomes the index; empty for long tables.
    key_columns
        Columns that together name a row, once.
    stage
        ``input`` or the stage that writes it.
    """

    name: str
    geometry: str
    id_column: str
    key_columns: tuple[str, ...]
    stage: str
    term: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a layer.

    Attributes
    ----------
    kind
        ``id``, ``text``, ``code`` (land use), ``number``, ``amount`` (money in the park's currency), ``share`` (0 to 1),
        ``count``, ``year``, ``date``, ``bool``, ``verdict``, ``choice`` or ``list``.
    unit
        Unit of a number, or ``""``.
    is_needed
        Whether an input layer is refused without it.
    minimum, maximum
        What a number may be; ``None`` for no limit.
    choices
        What a ``choice`` may be.
    stage
        ``input``, or the stage that writes it.
    aliases
        Other names under which files hold it (Chinese term, national field names).
    """

    layer: str
    name: str
    kind: str
    unit: str
    is_needed: bool
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    stage: str
    term: str
    aliases: tuple[str, ...]
    meaning: str


# name | geometry | id column | key columns | stage | Chinese term | what a row is
_LAYER_TABLE = """
parcels         | polygon | parcel_id     | parcel_id                | input    | 地块       | a piece of land with one use
enterprises     | none    | enterprise_id | enterprise_id            | input    | 企业       | a firm of the survey ledger
occupancy       | none    |               | enterprise_id parcel_id building_id | input | 占用关系 | which firm uses which parcel or building, and how much of it
performance     | none    |               | enterprise_id year       | input    | 年度绩效   | one firm in one year
valuation       | none    |               | parcel_id year           | input    | 地块估值   | one parcel in one year
buildings       | polygon | building_id   | building_id              | input    | 建筑       | a building
facilities      | any     | facility_id   | facility_id              | input    | 设施       | a school, clinic, plaza, ... that serves people
roads           | line    | road_id       | road_id                  | input    | 道路       | a street or path, drawn as its centre line
water           | any     | water_id      | water_id                 | input    | 水系       | a lake, river or canal
green           | any     | green_id      | green_id                 | input    | 绿地       | a park, square or green belt
receiving_sites | any     | site_id       | site_id                  | input    | 承接地     | where a moving firm can go
findings        | none    |               | parcel_id finding        | evaluate | 认定结果   | one test of one parcel, with its reason
averages        | none    |               | group year               | evaluate | 平均水平   | the average of one group in one year, and how much land it speaks for
yearly          | none    |               | parcel_id year           | evaluate | 逐年比较   | one parcel in one year, beside the average that counts for it
robustness      | none    |               | parcel_id finding        | evaluate | 结论稳健性 | how sure one verdict of one parcel is
triage_robustness | none  |               | parcel_id                | evaluate | 处置稳健性 | how sure the triage of one parcel is
threshold_curve | none    |               | threshold value          | evaluate | 阈值曲线   | how much land one value of one threshold flags
clusters        | polygon | parcel_id     | parcel_id                | evaluate | 聚集分析   | how one parcel and its neighbours differ from the mean: low among low, high among high
pockets         | polygon | pocket_id     | pocket_id                | evaluate | 连片低效用地 | flagged parcels that lie together and are worth assembling
services        | polygon |               | parcel_id kind           | evaluate | 服务设施距离 | the nearest facility of one kind for one parcel
area_profile    | none    |               | area year aspect         | evaluate | 区域画像   | one aspect of the park or one part of it: one-sided trades, export, innovation
area_sectors    | none    |               | area year basis sector   | evaluate | 行业结构   | one trade in one part of the park, against the park
ledger_gaps     | none    |               | layer column year        | evaluate | 台账缺项   | one column of the ledger in one year: what is not known, and how much land that decides
ledger_outliers | none    |               | test layer row_id        | evaluate | 台账异常   | a figure of the ledger that can hardly be right
field_checks    | none    |               | layer row_id column      | evaluate | 核查清单   | something to find out in the field, what would change most first
corrections     | none    |               | layer row_id column      | scenario | 更正记录   | one cell of the ledger corrected from the field
verdict_changes | none    |               | parcel_id finding        | scenario | 结论变化   | a verdict that is not what it was last time, and why
rule_numbers    | none    |               | rule                     | scenario | 规则数值   | one number of the rule packs that the result rests on
grades          | none    |               | enterprise_id year       | evaluate | 亩均评价   | the class of one firm in one year
grade_items     | none    |               | enterprise_id year indicator | evaluate | 评价分项 | one indicator of one ranked firm in one year, and the points it brings
suitability     | none    |               | parcel_id product        | plan     | 适宜性     | how well one use fits one candidate parcel
plan_rules      | none    |               | rule                     | plan     | 规划规则   | one rule of the plan and whether it is kept
plan_steps      | none    |               | order                    | plan     | 规划步骤   | one step of the ranking: which parcel took which use, and why
simulation_demand | none  |               | year product             | plan     | 模拟需求   | one use in one year of the simulation: what was asked, in how many runs it was met, why not in the others
simulation_uses | none    |               | parcel_id year product   | plan     | 模拟用途概率 | how probable one use of one parcel is in one year
simulation_indicators | none |            | year indicator product   | plan     | 模拟指标区间 | the range of one indicator in one year over the runs
pareto_points   | none    |               | point goal               | plan     | 多目标前沿 | one goal of one plan of the front
centres         | point   | centre_id     | centre_id                | plan     | 服务中心   | a service centre of the plan
centre_changes  | none    |               | change name              | plan     | 服务中心增减 | what one centre more or less would do
neighbourhoods  | polygon | neighbourhood_id | neighbourhood_id      | plan     | 创新街坊组团 | planned workplaces that one walks through
sited_facilities | point  | site_id       | site_id                  | plan     | 设施选址   | a school, clinic, ... of today or of the plan, and whom it serves
greenway        | line    | greenway_id   | greenway_id              | plan     | 绿道       | a stretch of the greenway
greenway_areas  | polygon | greenway_id   | greenway_id              | plan     | 绿道廊道   | the land of a stretch of the greenway
greenway_land   | none    |               | parcel_id                | plan     | 绿道占地   | what the greenway takes of one parcel
land_balance    | none    |               | use                      | indicators | 用地平衡表 | area of one use before and after
indicators      | none    |               | indicator                | indicators | 指标     | one number of the plan
difference      | polygon | parcel_id     | parcel_id                | scenario | 方案差异   | a parcel that two plans give different uses
transition      | none    |               | use_before use_after     | scenario | 用地转移矩阵 | land that goes from one use of one plan to one of another
indicator_changes | none  |               | indicator                | scenario | 指标变化   | one indicator of two plans
problems        | any     |               | problem_id               | check    | 问题清单   | something the check found
provenance      | none    |               | item                     | scenario | 来源记录   | where the result comes from
"""

# layer | name | kind | unit | ! needed | range or choices | stage | Chinese term; aliases | meaning
_COLUMN_TABLE = """
parcels | parcel_id | id | | ! | | input | 地块编号; 宗地代码; 地块编码; ZDDM; DKBH | name of the parcel, once
parcels | use | code | | ! | | input | 现状用地代码; 用地代码; DLBM; YDYHFLDM; JQDLBM; cur_landuse | land use today, national code of 2023
parcels | use_original | text | | | | input | 原用地代码 | land use as the file had it
parcels | landuse_version | choice | | | mnr2023 mnr2020 gb50137 | input | 分类版本 | classification of the file's codes
parcels | land_area_m2 | number | m2 | | 0.. | input | 用地面积; TBMJ | area by the document; the polygon's own area is what geoplan counts
parcels | zoned_use | code | | | | input | 规划用地代码; GHDLBM; plan_landuse | land use by the plan in force
parcels | mix | text | | | | input | 混合用途 | other uses on the parcel with their shares
parcels | zone | text | | | | input | 片区; 园区 | part of the park whose average counts
parcels | block_id | text | | | | input | 街坊编号 | block
parcels | phase | count | | | 1.. | input | 分期; phase_id | phase in which the parcel is marked for conversion
parcels | address | text | | | | input | 坐落; 地址 | address
parcels | tenure_type | text | | | | input | 权属性质; QSXZ | granted, allocated, collective or leased land
parcels | is_public | bool | | | | input | 是否公共机构持有 | held by a city, a state or another public body
parcels | right_holder | text | | | | input | 权利人 | holder of the land right
parcels | grant_date | date | | | | input | 出让日期 | start of the land right
parcels | expiry_date | date | | | | input | 到期日 | end of the land right
parcels | contract_investment_amount_per_m2 | amount | currency/m2 | | 0.. | input | 约定投资强度; contract_invest_per_mu | investment agreed in the contract
parcels | contract_tax_amount_per_m2 | amount | currency/m2/a | | 0.. | input | 约定亩均税收; contract_tax_per_mu | yearly tax agreed in the contract
parcels | contract_floor_area_ratio | number | m2/m2 | | 0.. | input | 约定容积率下限; contract_far_min | lowest floor area ratio agreed in the contract
parcels | max_floor_area_ratio | number | m2/m2 | | 0.. | input | 容积率; RJL; far_max | highest floor area ratio by the plan in force
parcels | max_coverage_share | share | | | 0..1 | input | 建筑密度; JZMD; density_max | highest building coverage by the plan in force
parcels | min_green_share | share | | | 0..1 | input | 绿地率; LDL; green_min | lowest green share by the plan in force
parcels | max_height_m | number | m | | 0.. | input | 限高; JZGD; height_max | highest building by the plan in force
parcels | floor_area_m2 | number | m2 | | 0.. | input | 总建筑面积; 建筑面积 | gross floor area, where there is no buildings layer
parcels | is_vacant | bool | | | | input | 是否空置 | known to be empty
parcels | vacancy_months | number | months | | 0.. | input | 空置月数 | how long it has been empty
parcels | soil_status | choice | | | unknown clean polluted remediated | input | 土壤调查状态 | result of the soil survey
parcels | retain_mode | choice | | | retain upgrade convert demolish swap | input | 处置方式; 留改拆 | what has been decided already
parcels | name | text | | | | input | 名称 | what people call it
parcels | source | text | | | | input | 资料来源 | where the row comes from
parcels | as_of | date | | | | input | 资料日期 | when it was true
parcels | confidence | text | | | | input | 可信度 | how sure the surveyor was
parcels | area_m2 | number | m2 | | 0.. | evaluate | 面积 | area of the polygon in the working CRS
parcels | existing_floor_area_m2 | number | m2 | | 0.. | evaluate | 现状建筑面积 | gross floor area today, from buildings or from the parcel
parcels | is_assessed | bool | | | | evaluate | 是否参评 | whether the tests apply: industrial, storage or vacant land
parcels | measure_amount_per_m2 | amount | currency/m2/a | | | evaluate | 地均产出 | the scenario's measure over land, last year
parcels | below_mean_run_years | count | a | | 0.. | evaluate | 连续低于均值年数 | years in a row below the mean, up to the last year
parcels | below_mean_longest_years | count | a | | 0.. | evaluate | 最长连续低于均值年数 | longest run of years below the mean
parcels | below_mean | verdict | | | | evaluate | 连续低于均值 | below the mean for as many years as the scenario asks
parcels | non_industrial_lease | verdict | | | | evaluate | 出租非工业用途 | leased for a use that is not industry
parcels | vacant | verdict | | | | evaluate | 土地空置 | vacant
parcels | finding_count | count | | | 0.. | evaluate | 认定项数 | tests that say yes
parcels | triage | choice | | | keep assist upgrade revitalise swap acquire survey | evaluate | 处置建议 | what to do with it
parcels | reason_en | text | | | | evaluate | 理由（英文） | why, in English
parcels | reason_zh | text | | | | evaluate | 理由 | why, in Chinese
parcels | triage_next_en | text | | | | evaluate | 升档条件（英文） | what would have to change for a better class, in English
parcels | triage_next_zh | text | | | | evaluate | 升档条件 | what would have to change for a better class, in Chinese
parcels | is_candidate | bool | | | | plan | 是否参与规划 | whether the plan may change its use
parcels | product | text | | | | plan | 规划产品 | what the plan makes of it: a use of the programme
parcels | planned_use | code | | | | plan | 规划用地代码（方案） | land use by this plan
parcels | planned_phase | count | | | 1.. | plan | 规划分期 | phase in which it is converted
parcels | suitability_score | share | | | 0..1 | plan | 适宜性得分 | how well the planned use fits, 0 to 1
parcels | runner_up | text | | | | plan | 次优用途 | the next best use for this parcel alone
parcels | runner_up_price_m2 | number | m2 | | | plan | 次优代价 | suitable area lost if the runner-up were chosen here, all else equal
parcels | planned_floor_area_m2 | number | m2 | | 0.. | plan | 规划建筑面积 | gross floor area by the rule pack's intensity
parcels | planned_dwelling_count | number | | | 0.. | plan | 规划户数 | dwellings by the rule pack's size
parcels | planned_population | number | persons | | 0.. | plan | 规划人口 | residents by the rule pack's floor area a head
parcels | plan_reason_en | text | | | | plan | 规划理由（英文） | why this use, in English
parcels | plan_reason_zh | text | | | | plan | 规划理由 | why this use, in Chinese
enterprises | enterprise_id | id | | ! | | input | 企业编号 | name of the firm in the ledger, once
enterprises | name | text | | ! | | input | 企业名称 | name of the firm
enterprises | credit_code | text | | | | input | 统一社会信用代码; 社会统一信用代码 | national credit code, 18 characters
enterprises | industry_code | text | | | | input | 行业代码 | industry by GB/T 4754
enterprises | is_above_scale | bool | | | | input | 是否规上; above_scale | whether it reports as above scale
enterprises | operating_status | choice | | ! | normal reduced half_stopped stopped vacant unbuilt | input | 经营状态 | how it runs
enterprises | is_industrial_use | bool | | | | input | 是否姓工; 是否工业用途 | whether what it does there is industry
enterprises | landlord_id | text | | | | input | 出租方 | the firm it rents from
enterprises | lease_end | date | | | | input | 租期止 | end of its lease
enterprises | production_start_year | year | | | 1900..2200 | input | 投产年份 | year in which it began to produce
enterprises | has_safety_accident | bool | | | | input | 是否发生安全事故 | whether it had a safety accident that counts in the evaluation
enterprises | has_pollution_fine | bool | | | | input | 是否受环保处罚 | whether it was fined for pollution
enterprises | employee_count | count | persons | | 0.. | input | 职工人数; employees | staff
enterprises | hazard_class | text | | | | input | 危险等级 | fire and hazard class
enterprises | pollution_grade | choice | | | M1 M2 M3 | input | 污染等级; 一二三类工业 | class of industry by what it emits
enterprises | power_kva | number | kVA | | 0.. | input | 用电容量 | power it needs
enterprises | floor_load_kn_per_m2 | number | kN/m2 | | 0.. | input | 楼面荷载; floor_load_kn | floor load it needs
enterprises | clear_height_m | number | m | | 0.. | input | 净高 | clear height it needs
enterprises | liaison_officer | text | | | | input | 挂钩领导; 挂钩干部 | who in the office looks after it
enterprises | problems | text | | | | input | 问题清单 | what it needs solved
enterprises | measures | text | | | | input | 一企一策 | help agreed
enterprises | will_move | bool | | | | input | 搬迁意愿 | whether it is willing to move
enterprises | signed_date | date | | | | input | 签约日期; 签约 | when it signed
enterprises | handover_date | date | | | | input | 腾空日期; 腾空 | when it hands over
enterprises | preferred_sites | text | | | | input | 意向地块 | where it wants to go
enterprises | moved_to | text | | | | input | 迁入地 | where it went
occupancy | enterprise_id | id | | ! | | input | 企业编号 | the firm
occupancy | parcel_id | id | | ! | | input | 地块编号; 宗地代码; ZDDM | the parcel
occupancy | building_id | text | | | | input | 建筑编号 | the building
occupancy | floor_area_m2 | number | m2 | | 0.. | input | 占用建筑面积 | floor area it uses there
occupancy | land_share | share | | | 0..1 | input | 占地比例 | part of the parcel's land it answers for
occupancy | role | choice | | | owner tenant | input | 占用方式 | owner or tenant
occupancy | from_date | date | | | | input | 起始日期; from | since when
occupancy | to_date | date | | | | input | 截止日期; to | until when
performance | enterprise_id | id | | ! | | input | 企业编号 | the firm
performance | year | year | | ! | 1900..2200 | input | 年份; 年度 | the year
performance | output_amount | amount | currency | | | input | 总产值; 产值; output | gross output
performance | revenue_amount | amount | currency | | | input | 营业收入; revenue | revenue
performance | value_added_amount | amount | currency | | | input | 增加值; 工业增加值; value_added | value added
performance | tax_amount | amount | currency | | | input | 入库税收; 税收; tax_paid | tax paid
performance | net_profit_amount | amount | currency | | | input | 净利润; net_profit | net profit
performance | fixed_assets_amount | amount | currency | | 0.. | input | 累计固投; fixed_assets | fixed assets so far
performance | rd_expense_amount | amount | currency | | 0.. | input | 研发费用; rd_expense | research and development
performance | energy_tce | number | tce | | 0.. | input | 综合能耗 | energy, tonnes of coal equivalent
performance | electricity_kwh | number | kWh | | 0.. | input | 用电量 | electricity
performance | emission_t | number | t | | 0.. | input | 主要污染物排放量 | COD, ammonia nitrogen, SO2 and NOx
performance | average_staff_count | number | persons | | 0.. | input | 平均职工人数; avg_staff | average staff
performance | export_amount | amount | currency | | 0.. | input | 出口额; 出口交货值; export_value | exports
valuation | parcel_id | id | | ! | | input | 地块编号; 宗地代码 | the parcel
valuation | year | year | | ! | 1900..2200 | input | 年份; 年度 | the year
valuation | land_amount | amount | currency | | 0.. | input | 土地评估价 | assessed value of the land
valuation | improvement_amount | amount | currency | | 0.. | input | 地上物评估价 | assessed value of what stands on it
valuation | total_amount | amount | currency | | 0.. | input | 评估总价 | assessed value in all
buildings | building_id | id | | ! | | input | 建筑编号 | name of the building, once
buildings | parcel_id | text | | | | input | 地块编号 | the parcel it stands on
buildings | storey_count | number | | | 0.. | input | 层数; storeys | storeys
buildings | height_m | number | m | | 0.. | input | 高度 | height
buildings | floor_area_m2 | number | m2 | | 0.. | input | 建筑面积 | gross floor area
buildings | is_double_counted | bool | | | | input | 是否加倍计容; count_double | storeys above 8 m: floor counts double in the floor area ratio
buildings | structure | text | | | | input | 结构 | steel, concrete, brick
buildings | built_year | year | | | 1700..2200 | input | 建成年份; year_built | year built
buildings | use | text | | | | input | 建筑用途 | use of the building
buildings | certified_area_m2 | number | m2 | | 0.. | input | 有证面积; certified_area | floor area with a certificate
buildings | unregistered_area_m2 | number | m2 | | 0.. | input | 未登记面积; unregistered_area | floor area without
buildings | condition | text | | | | input | 质量 | condition
buildings | is_historic | bool | | | | input | 是否工业遗产; historic | industrial heritage
buildings | is_retained | bool | | | | input | 是否保留; retain | stays
facilities | facility_id | id | | ! | | input | 设施编号 | name of the facility, once
facilities | kind | text | | ! | | input | 设施类型; type | what it is: school, clinic, plaza, ...
facilities | name | text | | | | input | 设施名称; 名称 | its name
facilities | level | text | | | | input | 设施级别 | 5, 10, 15 minutes or district
facilities | capacity_count | number | persons | | 0.. | input | 服务容量; capacity | how many it can serve
facilities | floor_area_m2 | number | m2 | | 0.. | input | 建筑面积; floor_m2 | floor area
facilities | land_area_m2 | number | m2 | | 0.. | input | 用地面积; land_m2 | land
facilities | status | choice | | | existing planned fixed candidate | input | 设施状态 | whether it is there
facilities | open_year | year | | | 1700..2200 | input | 启用年份 | year of opening
facilities | co_location_group | text | | | | input | 合设组 | facilities that share a site
roads | road_id | id | | ! | | input | 道路编号 | name of the stretch, once
roads | road_class | text | | ! | | input | 道路等级; class | trunk, arterial, secondary, local, green_street, greenway
roads | name | text | | | | input | 道路名称; 名称 | street name
roads | redline_m | number | m | | 0.. | input | 红线宽度 | width between red lines
roads | cross_section | text | | | | input | 断面形式 | street type of the plan
roads | is_walkable | bool | | | | input | 可步行 | whether one may walk there
roads | is_oneway | bool | | | | input | 单行; oneway | one-way for vehicles
roads | status | text | | | | input | 道路状态 | existing or planned
roads | open_year | year | | | 1700..2200 | input | 通车年份 | year of opening
roads | is_bridge | bool | | | | input | 桥隧; bridge | crosses without meeting what it crosses
water | water_id | id | | ! | | input | 水体编号 | name of the water, once
water | kind | text | | | | input | 水体类型 | lake, river, canal
water | name | text | | | | input | 名称 | its name
water | width_m | number | m | | 0.. | input | 宽度 | width
green | green_id | id | | ! | | input | 绿地编号 | name of the green, once
green | kind | text | | | | input | 绿地类型 | park, square, belt
green | name | text | | | | input | 名称 | its name
green | width_m | number | m | | 0.. | input | 宽度 | width
green | is_open_access | bool | | | | input | 是否开放; open_access | open to everyone
green | is_ring_member | bool | | | | input | 是否环上节点; ring_member | wanted on the ring
receiving_sites | site_id | id | | ! | | input | 承接地编号 | name of the site, once
receiving_sites | available_floor_area_m2 | number | m2 | | 0.. | input | 可用建筑面积; available_floor_m2 | floor area to let
receiving_sites | available_land_area_m2 | number | m2 | | 0.. | input | 可用土地; available_land_mu | land to let
receiving_sites | ready_date | date | | | | input | 交付日期 | ready when
receiving_sites | allowed_grades | text | | | | input | 允许工业类别 | classes of industry it takes
receiving_sites | power_kva | number | kVA | | 0.. | input | 供电容量 | power it has
receiving_sites | clear_height_m | number | m | | 0.. | input | 净高 | clear height it has
receiving_sites | rent_amount_per_m2 | amount | currency/m2/a | | 0.. | input | 租金; rent | rent
receiving_sites | min_tax_amount_per_m2 | amount | currency/m2/a | | 0.. | input | 亩均税收下限; min_tax_per_mu | lowest yearly tax it asks
receiving_sites | kind | choice | | | new idle_plant swing | input | 承接地类型 | new land, idle plant or swing plant
findings | parcel_id | id | | | | evaluate | 地块编号 | the parcel
findings | finding | choice | | | below_mean non_industrial_lease vacant idle_land unfinished stopped half_stopped low_tax low_floor_area_ratio low_coverage low_investment sublet lease_expired banned_trade plan_mismatch grade_d_run value_ratio depreciation bottom_quantile | evaluate | 认定类型 | the test
findings | verdict | verdict | | | | evaluate | 结论 | what it says
findings | reason_en | text | | | | evaluate | 理由（英文） | why, in English
findings | reason_zh | text | | | | evaluate | 理由 | why, in Chinese
findings | rule | text | | | | evaluate | 依据 | number of the rule pack it rests on
findings | evidence | text | | | | evaluate | 证据 | the numbers used, as a JSON object; null where not known
findings | margin | number | | | | evaluate | 余量 | how far from the threshold, in the unit of the rule; below 0 falls short by so much
averages | group | text | | | | evaluate | 组别 | the park, a zone, a trade (GB/T 4754 division), or a scale
averages | year | year | | | | evaluate | 年份 | the year
averages | mean_amount_per_m2 | amount | currency/m2/a | | | evaluate | 均值 | average of the measure, of the sort that stands in average
averages | known_area_m2 | number | m2 | | 0.. | evaluate | 有数据面积 | land whose measure is known
averages | assessed_area_m2 | number | m2 | | 0.. | evaluate | 参评面积 | land that is assessed
averages | known_share | share | | | 0..1 | evaluate | 覆盖率 | part of the assessed land the average speaks for
averages | known_count | count | | | 0.. | evaluate | 有数据地块数 | parcels whose measure is known
averages | average_over | choice | | | park zone industry scale | evaluate | 组别类型 | what the groups are
averages | average | choice | | | area_weighted mean_of_ratios median trimmed leave_one_out | evaluate | 均值方式 | which average it is; each parcel's own under leave_one_out, here that of all
averages | known_firm_count | count | | | 0.. | evaluate | 有数据企业数 | firms whose figures they are; empty for a measure of parcels
averages | is_set_aside | bool | | | | evaluate | 不作比较 | too thin, by the rule packs, to be held against anybody
averages | note_en | text | | | | evaluate | 说明（英文） | what makes it speak for little, in English
averages | note_zh | text | | | | evaluate | 说明 | what makes it speak for little, in Chinese
yearly | parcel_id | id | | | | evaluate | 地块编号 | the parcel
yearly | year | year | | | | evaluate | 年份 | the year
yearly | amount_per_m2 | amount | currency/m2/a | | | evaluate | 本地块 | the measure on the parcel; empty where it is not known
yearly | mean_amount_per_m2 | amount | currency/m2/a | | | evaluate | 均值 | the average that counts for it
yearly | verdict | verdict | | | | evaluate | 低于均值 | whether it is below that average in this year
yearly | group | text | | | | evaluate | 组别 | whose average that is; empty where the parcel has no group
robustness | parcel_id | id | | | | evaluate | 地块编号 | the parcel
robustness | finding | choice | | | below_mean non_industrial_lease vacant idle_land unfinished stopped half_stopped low_tax low_floor_area_ratio low_coverage low_investment sublet lease_expired banned_trade plan_mismatch grade_d_run | evaluate | 认定类型 | the test
robustness | verdict | verdict | | | | evaluate | 结论 | what it says
robustness | margins | text | | | | evaluate | 各阈值余量 | how far from each threshold, in its unit, as a JSON object; below 0 falls short
robustness | margin_share | number | | | | evaluate | 最小余量比例 | distance to the nearest threshold over that threshold; below 0 falls short
robustness | margin_years | number | a | | | evaluate | 年限余量 | years in a row, less the years asked
robustness | flagged_probability | share | | | 0..1 | evaluate | 被认定比例 | part of the trials with stated errors that flag it
robustness | changed_by | text | | | | evaluate | 改变结论的检验 | changes that give another verdict
robustness | sureness | choice | | | robust borderline unknown_data | evaluate | 稳健程度 | robust, borderline, or decided by unknown data
robustness | reason_en | text | | | | evaluate | 理由（英文） | why, in English
robustness | reason_zh | text | | | | evaluate | 理由 | why, in Chinese
triage_robustness | parcel_id | id | | | | evaluate | 地块编号 | the parcel
triage_robustness | triage | choice | | | keep assist upgrade revitalise swap acquire survey | evaluate | 处置建议 | what to do with it
triage_robustness | same_probability | share | | | 0..1 | evaluate | 结论不变比例 | part of the trials with stated errors that give the same
triage_robustness | changed_by | text | | | | evaluate | 改变结论的检验 | changes that give another result
triage_robustness | unknown_tests | text | | | | evaluate | 起决定作用的不详项 | unknown answers that could change the result
triage_robustness | sureness | choice | | | robust borderline unknown_data | evaluate | 稳健程度 | robust, borderline, or decided by unknown data
triage_robustness | reason_en | text | | | | evaluate | 理由（英文） | why, in English
triage_robustness | reason_zh | text | | | | evaluate | 理由 | why, in Chinese
threshold_curve | finding | choice | | | below_mean non_industrial_lease vacant idle_land unfinished stopped half_stopped low_tax low_floor_area_ratio low_coverage low_investment sublet lease_expired banned_trade plan_mismatch grade_d_run | evaluate | 认定类型 | the test
threshold_curve | threshold | text | | | | evaluate | 阈值 | which threshold of the rule packs moves, the others held
threshold_curve | value | number | | | | evaluate | 取值 | where it stands
threshold_curve | unit | text | | | | evaluate | 单位 | its unit
threshold_curve | is_current | bool | | | | evaluate | 是否现行 | whether this is what the rule packs ask
threshold_curve | flagged_area_m2 | number | m2 | | 0.. | evaluate | 认定面积 | land it flags
threshold_curve | flagged_count | count | | | 0.. | evaluate | 认定地块数 | parcels it flags
threshold_curve | unknown_area_m2 | number | m2 | | 0.. | evaluate | 不详面积 | land of which it is not known
threshold_curve | unknown_count | count | | | 0.. | evaluate | 不详地块数 | parcels of which it is not known
clusters | parcel_id | id | | | | evaluate | 地块编号 | the parcel
clusters | value | number | | | | evaluate | 数值 | what is compared, in its own unit
clusters | neighbour_count | count | | | 0.. | evaluate | 相邻地块数 | neighbours whose value is known
clusters | local_i | number | | | | evaluate | 局部莫兰指数 | local Moran's I; empty where it was not tested
clusters | p_value | share | | | 0..1 | evaluate | 伪 p 值 | how often chance does as much, two-sided
clusters | cluster | choice | | | low_low high_high low_high high_low none isolated unknown | evaluate | 聚集类型 | low among low, high among high, low among high, high among low, chance, no neighbour, not known
pockets | pocket_id | id | | | | evaluate | 连片编号 | name of the pocket, the largest first
pockets | area_m2 | number | m2 | | 0.. | evaluate | 面积 | area of its parcels
pockets | parcel_count | count | | | 1.. | evaluate | 地块数 | parcels
pockets | firm_count | count | | | 0.. | evaluate | 企业数 | firms that are there now, each once; empty without a ledger
pockets | compactness_ratio | share | | | 0..1 | evaluate | 紧凑度 | 4 pi area over perimeter squared: 1 a circle, 0.79 a square
pockets | parcel_ids | text | | | | evaluate | 地块清单 | its parcels
services | parcel_id | id | | | | evaluate | 地块编号 | the parcel
services | kind | text | | | | evaluate | 设施类型 | school, clinic, plaza, ...
services | facility_id | text | | | | evaluate | 最近设施 | the nearest: along the streets where they lead there, else straight
services | facility_name | text | | | | evaluate | 设施名称 | its name
services | straight_m | number | m | | 0.. | evaluate | 直线距离 | straight line to the nearest, from the parcel's edge
services | walk_m | number | m | | 0.. | evaluate | 步行距离 | along the streets to the nearest; empty where no way leads
services | max_m | number | m | | 0.. | evaluate | 服务半径 | how far is near enough by the rule packs
services | is_near | verdict | | | | evaluate | 是否达标 | whether the walk is no longer than that
area_profile | area | text | | | | evaluate | 区域 | the park, or one zone or block of it
area_profile | year | year | | | | evaluate | 年份 | the year
area_profile | aspect | choice | | | trades_by_floor_area trades_by_output export innovation | evaluate | 方面 | what is told
area_profile | firm_count | count | | | 0.. | evaluate | 企业数 | firms there
area_profile | known_count | count | | | 0.. | evaluate | 有数据企业数 | firms whose figures are known
area_profile | known_share | share | | | 0..1 | evaluate | 覆盖率 | part of the firms it speaks for
area_profile | value | number | | | | evaluate | 数值 | Herfindahl index of trades, export share of output, or R&D share of revenue
area_profile | park_value | number | | | | evaluate | 园区数值 | the same of the whole park
area_profile | shannon | number | | | 0.. | evaluate | 香农指数 | Shannon index of trades, natural logarithm
area_profile | leading_sector | text | | | | evaluate | 首位行业 | the largest trade, division of GB/T 4754
area_profile | leading_share | share | | | 0..1 | evaluate | 首位行业占比 | its share
area_profile | verdict | verdict | | | | evaluate | 结论 | one-sided, or weak against the park; empty for the park's own export and innovation
area_profile | reason_en | text | | | | evaluate | 理由（英文） | why, in English
area_profile | reason_zh | text | | | | evaluate | 理由 | why, in Chinese
area_sectors | area | text | | | | evaluate | 区域 | the park, or one zone or block of it
area_sectors | year | year | | | | evaluate | 年份 | the year
area_sectors | basis | choice | | | floor_area output | evaluate | 口径 | what shares are taken of
area_sectors | sector | text | | | | evaluate | 行业大类 | division of GB/T 4754, two digits
area_sectors | name_en | text | | | | evaluate | 行业名称（英文） | its name in English
area_sectors | name_zh | text | | | | evaluate | 行业名称 | its name in Chinese
area_sectors | firm_count | count | | | 0.. | evaluate | 企业数 | firms of this trade there
area_sectors | share | share | | | 0..1 | evaluate | 占比 | its share there
area_sectors | park_share | share | | | 0..1 | evaluate | 园区占比 | its share of the whole park
area_sectors | location_quotient | number | | | 0.. | evaluate | 区位商 | share there over share of the park
area_sectors | is_few | bool | | | | evaluate | 是否企业过少 | too few firms to be called a trade
ledger_gaps | layer | text | | | | evaluate | 图层 | the layer
ledger_gaps | column | text | | | | evaluate | 字段 | the column
ledger_gaps | year | year | | | | evaluate | 年份 | the year; empty for all years together, or a layer without years
ledger_gaps | row_count | count | | | 0.. | evaluate | 应有行数 | rows that should know it: those of assessed parcels
ledger_gaps | unknown_count | count | | | 0.. | evaluate | 不详行数 | rows that do not
ledger_gaps | unknown_area_m2 | number | m2 | | 0.. | evaluate | 涉及面积 | land of those rows
ledger_gaps | decided_area_m2 | number | m2 | | 0.. | evaluate | 决定面积 | land of which a verdict or the triage would be another if it were known one way than the other
ledger_gaps | decided_count | count | | | 0.. | evaluate | 决定地块数 | parcels of that land
ledger_gaps | verdict_count | count | | | 0.. | evaluate | 决定结论数 | verdicts that hang on it
ledger_gaps | triage_count | count | | | 0.. | evaluate | 决定处置数 | triage answers that hang on it
ledger_gaps | text_en | text | | | | evaluate | 说明（英文） | what is not known and what hangs on it, in English
ledger_gaps | text_zh | text | | | | evaluate | 说明 | the same in Chinese
ledger_outliers | test | text | | | | evaluate | 检验 | name of the test
ledger_outliers | layer | text | | | | evaluate | 图层 | the layer
ledger_outliers | row_id | text | | | | evaluate | 行 | the row
ledger_outliers | column | text | | | | evaluate | 字段 | the column
ledger_outliers | value | number | | | | evaluate | 数值 | what the ledger says
ledger_outliers | expected | number | | | | evaluate | 参照值 | what it is held against
ledger_outliers | limit | number | | | | evaluate | 限值 | the number of the rule packs
ledger_outliers | rule | text | | | | evaluate | 依据 | name of that number
ledger_outliers | parcel_ids | text | | | | evaluate | 涉及地块 | parcels it concerns
ledger_outliers | area_m2 | number | m2 | | 0.. | evaluate | 涉及面积 | their land
ledger_outliers | text_en | text | | | | evaluate | 说明（英文） | evidence and what to do, in English
ledger_outliers | text_zh | text | | | | evaluate | 说明 | the same in Chinese
field_checks | rank | count | | | 1.. | evaluate | 次序 | place in the list
field_checks | layer | text | | | | evaluate | 图层 | the layer
field_checks | row_id | text | | | | evaluate | 行 | the row
field_checks | column | text | | | | evaluate | 字段 | the column
field_checks | reason | text | | | | evaluate | 缘由 | gap, or the test that found an outlier
field_checks | changed_area_m2 | number | m2 | | 0.. | evaluate | 影响面积 | land whose verdict or triage the answer would change
field_checks | changed_count | count | | | 0.. | evaluate | 影响地块数 | parcels of that land
field_checks | verdict_count | count | | | 0.. | evaluate | 影响结论数 | verdicts it would change
field_checks | triage_count | count | | | 0.. | evaluate | 影响处置数 | triage answers it would change
field_checks | parcel_ids | text | | | | evaluate | 涉及地块 | parcels to ask about
field_checks | text_en | text | | | | evaluate | 核查内容（英文） | what to find out, in English
field_checks | text_zh | text | | | | evaluate | 核查内容 | the same in Chinese
corrections | line | count | | | 1.. | input | 行号 | line of the table of corrections
corrections | layer | text | | | | input | 图层; 表 | the layer; parcels if not said
corrections | row_id | text | | | | input | 编号; 行; 地块编号; 地块; 企业编号; row; parcel; parcel_id; enterprise_id; id | id of the row
corrections | year | year | | | 1900..2200 | input | 年份; 年度 | the year, for a layer of years
corrections | column | text | | | | input | 字段; 更正字段; field | the column
corrections | value | text | | | | input | 更正值; 值; 新值 | what is right; "unknown" makes the cell unknown
corrections | unit | text | | | | input | 单位 | unit of the value, if not that of the column
corrections | before | text | | | | scenario | 原值 | what the ledger said
corrections | who | text | | | | input | 更正人; 核查人 | who found it out
corrections | date | date | | | | input | 日期; 更正日期; 核查日期 | when
corrections | reason | text | | | | input | 理由; 原因; 依据 | why, or how it was seen
verdict_changes | parcel_id | id | | | | scenario | 地块编号 | the parcel
verdict_changes | finding | text | | | | scenario | 认定类型 | the test, or triage
verdict_changes | verdict_before | text | | | | scenario | 上次结论 | what it said last time; empty where it was not made
verdict_changes | verdict_after | text | | | | scenario | 本次结论 | what it says now; empty where it is no longer made
verdict_changes | causes | text | | | | scenario | 原因类别 | what alone, put back as it was, would bring the old verdict back
verdict_changes | why_en | text | | | | scenario | 原因（英文） | why it changed, in English
verdict_changes | why_zh | text | | | | scenario | 原因 | the same in Chinese
rule_numbers | rule | text | | | | scenario | 数值名称 | name of the number
rule_numbers | value | number | | | | scenario | 数值 | the number
rule_numbers | unit | text | | | | scenario | 单位 | its unit
rule_numbers | standing | text | | | | scenario | 效力 | what it rests on
rule_numbers | source | text | | | | scenario | 出处 | where it was read
rule_numbers | pack | text | | | | scenario | 规则包 | the pack it comes from
grades | enterprise_id | id | | | | evaluate | 企业编号 | the firm
grades | year | year | | | | evaluate | 年份 | the year
grades | grade | choice | | | A B C D T | evaluate | 评价等级 | its class; T is not suited, empty is not known or too small to be graded
grades | score | number | points | | | evaluate | 综合得分 | its points; empty where it is not ranked
grades | rank | count | | | 1.. | evaluate | 排名 | place in its group, 1 is best
grades | group | choice | | | above_scale below_scale all | evaluate | 评价分组 | whom it is compared with
grades | land_area_m2 | number | m2 | | 0.. | evaluate | 用地面积 | land it answers for
grades | reason_en | text | | | | evaluate | 理由（英文） | why, in English
grades | reason_zh | text | | | | evaluate | 理由 | why, in Chinese
grade_items | enterprise_id | id | | | | evaluate | 企业编号 | the firm
grade_items | year | year | | | | evaluate | 年份 | the year
grade_items | indicator | text | | | | evaluate | 指标代号 | short name of the indicator
grade_items | name_en | text | | | | evaluate | 指标名称（英文） | its name in English
grade_items | name_zh | text | | | | evaluate | 指标名称 | its name in Chinese
grade_items | value | number | | | | evaluate | 数值 | the firm's figure in the unit of the rule; empty where it was not reported
grade_items | baseline | number | | | | evaluate | 基准值 | what counts as full
grade_items | unit | text | | | | evaluate | 单位 | unit of both
grade_items | weight | number | points | | 0.. | evaluate | 权重 | points for reaching the baseline
grade_items | contribution | number | points | | | evaluate | 得分 | points it brings; they add to the score
grade_items | cap | number | | | | evaluate | 上限 | most times the baseline that count; empty for no cap
grade_items | is_missing | bool | | | | evaluate | 是否缺报 | whether it was not reported
grade_items | filled | text | | | | evaluate | 缺报处理 | how the gap was filled: peer_mean, zero, exclude
suitability | parcel_id | id | | | | plan | 地块编号 | the parcel
suitability | product | text | | | | plan | 规划产品 | the use
suitability | score | share | | | 0..1 | plan | 适宜性得分 | how well it fits
suitability | is_allowed | bool | | | | plan | 是否允许 | whether the rules allow it here
suitability | parts | text | | | | plan | 分项得分 | what the score is made of
plan_rules | rule | text | | | | plan | 规则 | name of the rule
plan_rules | kind | choice | | | objective candidates lock area share_of_area separation | plan | 规则类别 | what sort of rule
plan_rules | products | text | | | | plan | 涉及产品 | the uses it speaks of
plan_rules | parcel_ids | text | | | | plan | 涉及地块 | the parcels it speaks of
plan_rules | lower | number | | | | plan | 下限 | least
plan_rules | upper | number | | | | plan | 上限 | most
plan_rules | value | number | | | | plan | 实际值 | what the plan has
plan_rules | unit | text | | | | plan | 单位 | unit of the three
plan_rules | is_kept | bool | | | | plan | 是否满足 | whether it is kept
plan_rules | source | text | | | | plan | 依据 | where it comes from
plan_steps | order | count | | | 1.. | plan | 序号 | order of the steps
plan_steps | step | count | | | 1.. | plan | 步骤 | step of the ranking
plan_steps | parcel_id | id | | | | plan | 地块编号 | the parcel
plan_steps | kind | choice | | | locked claimed claimed_low filled forced handed_over | plan | 步骤类别 | what sort of step
plan_steps | rule | text | | | | plan | 规划规则 | the claim, or the rule that was not kept yet
plan_steps | product | text | | | | plan | 规划产品 | what it became
plan_steps | score | share | | | 0..1 | plan | 适宜性得分 | how well that fits
plan_steps | rank | count | | | 1.. | plan | 排名 | its rank for the claim
plan_steps | ranked_count | count | | | 1.. | plan | 参与排序地块数 | parcels that were ranked
plan_steps | text_en | text | | | | plan | 说明（英文） | the step in words, in English
plan_steps | text_zh | text | | | | plan | 说明 | the step in words, in Chinese
simulation_demand | year | year | | | | plan | 年份 | the year
simulation_demand | product | text | | | | plan | 规划产品 | the use
simulation_demand | demand_m2 | number | m2 | | 0.. | plan | 需求面积 | land that is to be converted to it by the end of the year
simulation_demand | tolerance_m2 | number | m2 | | 0.. | plan | 容差 | how near is near enough
simulation_demand | mean_m2 | number | m2 | | 0.. | plan | 平均面积 | mean over the runs
simulation_demand | most_missing_m2 | number | m2 | | 0.. | plan | 最大缺口 | most that a run lacks
simulation_demand | met_share | share | | | 0..1 | plan | 满足比例 | part of the runs within the tolerance
simulation_demand | reason_en | text | | | | plan | 未满足原因（英文） | why not in the others, in English
simulation_demand | reason_zh | text | | | | plan | 未满足原因 | why not in the others, in Chinese
simulation_uses | parcel_id | id | | | | plan | 地块编号 | the parcel
simulation_uses | year | year | | | | plan | 年份 | the year
simulation_uses | product | text | | | | plan | 规划产品 | the use; as_today where it keeps that of today
simulation_uses | probability | share | | | 0..1 | plan | 概率 | part of the runs in which the parcel has it at the end of the year
simulation_indicators | year | year | | | | plan | 年份 | the year
simulation_indicators | indicator | text | | | | plan | 指标代号 | short name of the indicator
simulation_indicators | product | text | | | | plan | 规划产品 | the use it speaks of; empty for all
simulation_indicators | unit | text | | | | plan | 单位 | unit
simulation_indicators | least | number | | | | plan | 最小值 | least of all runs
simulation_indicators | lower | number | | | | plan | 区间下限 | lower end of the range that most runs lie in
simulation_indicators | median | number | | | | plan | 中位数 | half of the runs lie below
simulation_indicators | upper | number | | | | plan | 区间上限 | upper end of the range that most runs lie in
simulation_indicators | most | number | | | | plan | 最大值 | most of all runs
simulation_indicators | name_en | text | | | | plan | 指标名称（英文） | its name in English
simulation_indicators | name_zh | text | | | | plan | 指标 | its name in Chinese
pareto_points | point | count | | | 1.. | plan | 方案序号 | number of the plan, in the order of the first goal
pareto_points | goal | text | | | | plan | 目标代号 | short name of the goal
pareto_points | name_en | text | | | | plan | 目标名称（英文） | its name in English
pareto_points | name_zh | text | | | | plan | 目标 | its name in Chinese
pareto_points | value | number | | | | plan | 数值 | what the plan has of it
pareto_points | unit | text | | | | plan | 单位 | unit
pareto_points | limit | number | | | | plan | 约束值 | what the goal had to keep while the first was made best; empty for none
pareto_points | bound | number | | | | plan | 界 | of the first goal: no plan that keeps those limits is better
pareto_points | is_proven | bool | | | | plan | 是否已证明 | whether the search proved it within the gap asked for
pareto_points | is_knee | bool | | | | plan | 是否拐点 | whether the plan gives up least: the largest sum of the goals scaled from worst to best
centres | centre_id | id | | | | plan | 中心编号 | name of the centre
centres | parcel_id | text | | | | plan | 所在地块 | the parcel it stands on
centres | name_en | text | | | | plan | 名称（英文） | its name in English
centres | name_zh | text | | | | plan | 名称 | its name in Chinese
centres | served_population | number | persons | | 0.. | plan | 服务人口 | people nearest to it
centres | mean_walk_m | number | m | | 0.. | plan | 平均步行距离 | mean walk of those people
centres | worst_walk_m | number | m | | 0.. | plan | 最远步行距离 | longest walk of those people
centre_changes | change | text | | | as_planned one_more without | plan | 变化 | as planned, one centre more, or without one
centre_changes | name | text | | | | plan | 对象 | the parcel of the further centre, or the centre left out
centre_changes | mean_walk_m | number | m | | 0.. | plan | 平均步行距离 | mean walk of all residents; unknown if some reach none
centre_changes | people_without_way | number | persons | | 0.. | plan | 无法到达人数 | people who would reach none
neighbourhoods | neighbourhood_id | id | | | | plan | 组团编号 | name of the neighbourhood
neighbourhoods | name_en | text | | | | plan | 名称（英文） | its name in English
neighbourhoods | name_zh | text | | | | plan | 名称 | its name in Chinese
neighbourhoods | middle_parcel_id | text | | | | plan | 中心地块 | the parcel in its middle
neighbourhoods | parcel_count | count | | | 0.. | plan | 地块数 | parcels in it
neighbourhoods | land_area_m2 | number | m2 | | 0.. | plan | 用地面积 | land of these parcels
neighbourhoods | floor_area_m2 | number | m2 | | 0.. | plan | 建筑面积 | planned floor area
neighbourhoods | centre_id | text | | | | plan | 服务中心 | the service centre nearest to its middle
neighbourhoods | walk_to_centre_m | number | m | | 0.. | plan | 至服务中心距离 | walk from its middle to that centre
sited_facilities | site_id | id | | | | plan | 选址编号 | name of the site
sited_facilities | kind | text | | | | plan | 设施类型 | school, clinic, ...
sited_facilities | is_existing | bool | | | | plan | 是否现有 | there today
sited_facilities | facility_id | text | | | | plan | 设施编号 | the facility of today
sited_facilities | parcel_id | text | | | | plan | 所在地块 | the parcel of a new one
sited_facilities | open_year | year | | | 1700..2200 | plan | 启用年份 | stage in which it opens
sited_facilities | land_m2 | number | m2 | | 0.. | plan | 用地面积 | land that a new one takes
sited_facilities | served_population | number | persons | | 0.. | plan | 服务人口 | people who go there
sited_facilities | mean_walk_m | number | m | | 0.. | plan | 平均步行距离 | mean walk of those people
sited_facilities | worst_walk_m | number | m | | 0.. | plan | 最远步行距离 | longest walk of those people
greenway | greenway_id | id | | | | plan | 绿道编号 | name of the stretch
greenway | length_m | number | m | | 0.. | plan | 长度 | length
greenway | road_class | text | | | | plan | 道路等级 | class of the street it follows
greenway | name | text | | | | plan | 道路名称 | street it follows
greenway | is_ring | bool | | | | plan | 是否环线 | whether it is part of the ring
greenway | is_walked_twice | bool | | | | plan | 是否重复 | whether the ring walks it twice
greenway | serves_count | count | | | 0.. | plan | 串联地点数 | places that would be cut off without it
greenway | width_m | number | m | | 0.. | plan | 廊道宽度 | width of its corridor
greenway_areas | greenway_id | id | | | | plan | 绿道编号 | the stretch
greenway_areas | width_m | number | m | | 0.. | plan | 廊道宽度 | width of the corridor
greenway_areas | is_ring | bool | | | | plan | 是否环线 | whether it is part of the ring
greenway_land | parcel_id | text | | | | plan | 地块编号 | the parcel
greenway_land | taken_m2 | number | m2 | | 0.. | plan | 占用面积 | land that the corridor takes of it
greenway_land | taken_share | number | share | | 0..1 | plan | 占用比例 | share of its land
land_balance | use | code | | | | indicators | 用地代码 | land use
land_balance | name_en | text | | | | indicators | 用地名称（英文） | its name in English
land_balance | name_zh | text | | | | indicators | 用地名称 | its name in Chinese
land_balance | before_m2 | number | m2 | | 0.. | indicators | 现状面积 | area today
land_balance | after_m2 | number | m2 | | 0.. | indicators | 规划面积 | area by the plan
land_balance | change_m2 | number | m2 | | | indicators | 增减 | after less before
indicators | indicator | text | | | | indicators | 指标代号 | short name of the indicator, once
indicators | name_en | text | | | | indicators | 指标名称（英文） | its name in English
indicators | name_zh | text | | | | indicators | 指标 | its name in Chinese
indicators | value | number | | | | indicators | 数值 | what it is; empty where it is not known
indicators | unit | text | | | | indicators | 单位 | unit
indicators | note_en | text | | | | indicators | 说明（英文） | assumption or reason it is missing, in English
indicators | note_zh | text | | | | indicators | 说明 | the same in Chinese
difference | parcel_id | id | | | | scenario | 地块编号 | the parcel
difference | area_m2 | number | m2 | | 0.. | scenario | 面积 | its area
difference | use | code | | | | scenario | 现状用地代码 | land use today
difference | use_before | code | | | | scenario | 方案一用地代码 | land use by the first plan
difference | use_after | code | | | | scenario | 方案二用地代码 | land use by the second plan
difference | product_before | text | | | | scenario | 方案一产品 | what the first plan makes of it
difference | product_after | text | | | | scenario | 方案二产品 | what the second plan makes of it
difference | reason_before_en | text | | | | scenario | 方案一理由（英文） | why, in English
difference | reason_before_zh | text | | | | scenario | 方案一理由 | why, in Chinese
difference | reason_after_en | text | | | | scenario | 方案二理由（英文） | why, in English
difference | reason_after_zh | text | | | | scenario | 方案二理由 | why, in Chinese
transition | use_before | code | | | | scenario | 方案一用地代码 | land use by the first plan
transition | use_after | code | | | | scenario | 方案二用地代码 | land use by the second plan
transition | area_m2 | number | m2 | | 0.. | scenario | 面积 | land
transition | area_mu | number | mu | | 0.. | scenario | 面积（亩） | land in mu
transition | parcel_count | count | | | 0.. | scenario | 地块数 | parcels
indicator_changes | indicator | text | | | | scenario | 指标代号 | short name of the indicator, once
indicator_changes | name_en | text | | | | scenario | 指标名称（英文） | its name in English
indicator_changes | name_zh | text | | | | scenario | 指标 | its name in Chinese
indicator_changes | before | number | | | | scenario | 方案一 | by the first plan
indicator_changes | after | number | | | | scenario | 方案二 | by the second plan
indicator_changes | change | number | | | | scenario | 变化 | second less first
indicator_changes | unit | text | | | | scenario | 单位 | unit
problems | problem_id | count | | | | check | 序号 | number
problems | severity | choice | | | error warning note | check | 级别 | how bad it is
problems | layer | text | | | | check | 图层 | the layer
problems | row | text | | | | check | 行 | the row
problems | column | text | | | | check | 字段 | the column
problems | kind | text | | | | check | 问题类型 | what sort of problem
problems | text_en | text | | | | check | 问题（英文） | what, where, what to do, in English
problems | text_zh | text | | | | check | 问题 | the same in Chinese
provenance | item | text | | | | scenario | 项目 | what
provenance | value | text | | | | scenario | 内容 | its value, checksum or version
"""


def _limits(cell: str) -> tuple[float | None, float | None]:
    low, _, high = cell.partition("..")
    return (float(low) if low else None, float(high) if high else None)


def _layer(line: str) -> Layer:
    name, geometry, id_column, keys, stage, term, meaning = (
        cell.strip() for cell in line.split("|")
    )
    return Layer(name, geometry, id_column, tuple(keys.split()), stage, term, meaning)


def _column(line: str) -> Column:
    layer, name, kind, unit, needed, extra, stage, terms, meaning = (
        cell.strip() for cell in line.split("|")
    )
    term, *aliases = (term.strip() for term in terms.split(";"))
    low, high = _limits(extra) if ".." in extra else (None, None)
    choices = tuple(extra.split()) if kind == "choice" else ()
    return Column(
        layer,
        name,
        kind,
        unit,
        needed == "!",
        low,
        high,
        choices,
        stage,
        term,
        tuple(aliases),
        meaning,
    )


#: Every layer by name.
LAYERS: Mapping[str, Layer] = MappingProxyType(
    {layer.name: layer for layer in map(_layer, _LAYER_TABLE.strip().splitlines())}
)
#: Every column, layer by layer in the order of the table.
COLUMNS: tuple[Column, ...] = tuple(map(_column, _COLUMN_TABLE.strip().splitlines()))


@cache
def columns_of(layer: str) -> Mapping[str, Column]:
    """Columns of one layer by name, in the order of the table.

    Examples
    --------
    >>> list(columns_of("valuation"))
    ['parcel_id', 'year', 'land_amount', 'improvement_amount', 'total_amount']
    """
    return MappingProxyType({item.name: item for item in COLUMNS if item.layer == layer})


def column(layer: str, name: str) -> Column:
    """One column; ``KeyError`` if the schema has none of that name."""
    return columns_of(layer)[name]


def needed_columns(layer: str) -> tuple[str, ...]:
    """Columns without which an input layer is refused."""
    return tuple(name for name, item in columns_of(layer).items() if item.is_needed)
