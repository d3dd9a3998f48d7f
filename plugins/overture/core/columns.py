"""The names of the columns that Python code reads or writes, each spelled once."""

from typing import Final

DATA_DAY: Final = "data_day"
USER_ID: Final = "user_id"
ITEM_ID: Final = "item_id"

WEIGHT: Final = "weight"
WEIGHT_BEFORE_HOLDOUT: Final = "weight_before_holdout"
HELD_OUT_COUNT: Final = "held_out_count"
BOUGHT_DAYS_AGO: Final = "bought_days_ago"

TITLE: Final = "title"
DEPARTMENT: Final = "department"
CATEGORY: Final = "category"
PRICE: Final = "price"
IS_AVAILABLE: Final = "is_available"
BUYERS_28D: Final = "buyers_28d"
FAVOURITE_DEPARTMENT: Final = "favourite_department"

RANK: Final = "rank"
SCORE: Final = "score"
STRATEGY: Final = "strategy"
REASON_ITEM_ID: Final = "reason_item_id"
MODEL_VERSION: Final = "model_version"

METRIC: Final = "metric"
K: Final = "k"
VALUE: Final = "value"
BASELINE: Final = "baseline"
