"""A features table of millions of test rows, and the models of it."""

from __future__ import annotations

from tests.export.conftest import DATA_HASH, World

FAMILIES = {
    "price_linear": ("linear_reg", "price_usd"),
    "class_logistic": ("logistic_reg", "sales_class"),
    "tier_logistic": ("logistic_reg", "tier"),
    "price_trees": ("boosted_tree_regressor", "price_usd"),
    "tier_trees": ("boosted_tree_classifier", "tier"),
    "price_forest": ("random_forest_regressor", "price_usd"),
    "class_forest": ("random_forest_classifier", "sales_class"),
    "rank_trees": ("boosted_tree_classifier", "rank"),
    "code_logistic": ("logistic_reg", "code"),
    "groups": ("kmeans", ""),
    "axes": ("pca", ""),
}


def make_large(world: World, tests: int) -> None:
    """Make the features table: so many test rows and 6,000 others, with NULLs and noise.

    Of the test rows some have a region and numbers that no training row has.
    """
    world.client.create_dataset(world.dataset, exists_ok=True)
    blocks = (tests + 6_000) // 1_000
    world.run(
        f"create or replace table `{world.relation('features')}` as with numbered as ("
        "select block * 1000 + place as n, farm_fingerprint(cast(block * 1000 + place as string)) "
        f"as dice from unnest(generate_array(0, {blocks - 1})) as block, "
        "unnest(generate_array(0, 999)) as place), drawn as (select n, "
        "2010 + abs(mod(dice, 15)) as year, abs(mod(div(dice, 15), 4)) as r, "
        "abs(mod(div(dice, 60), 3)) as f, abs(mod(div(dice, 180), 200000)) + 0.5 as km, "
        "abs(mod(div(dice, 36000000), 8001)) - 4000 as noise from numbered), priced as (select *, "
        "30000 + 1500.0 * (year - 2010) - 0.08 * km + 3000.0 * f + 1000.0 * r + noise as price "
        "from drawn) select concat('s', cast(n as string)) as sale_id, "
        "if(n < 3000, 'train', if(n < 6000, 'eval', 'test')) as split, "
        "if(n > 6000 and mod(n, 107) = 0, 9000000 - year, year) as year, "
        "if(n > 6000 and mod(n, 101) = 0, 'Mars', "
        "if(r = 3, null, ['Asia', 'Europe', 'Africa'][offset(mod(r, 3))])) as region, "
        "['Petrol', 'Hybrid', 'Electric'][offset(f)] as fuel_type, "
        "if(mod(n, 19) = 0, null, if(n > 6000 and mod(n, 103) = 0, -1e12, km)) as mileage_km, "
        "price as price_usd, if(price > 46000, 10, if(price > 34000, 2, -1)) as `rank`, "
        "if(price > 38000, 10, 2) as code, "
        "if(price + noise > 38000, 'High', 'Low') as sales_class, "
        "if(price > 46000, 'A', if(price > 34000, 'B', 'C')) as tier from priced"
    )
    world.run(
        f"create or replace table `{world.relation('features_fingerprint')}` as "
        f"select '{DATA_HASH}' as data_hash"
    )
