import re
from collections import Counter

from overture.configuration import load_config

TASTES = load_config("signatures")["tastes"]
LISTED = [category for categories in TASTES.values() for category in categories]
PRIVATE = re.compile(
    r"ADULT|ALE\b|BABY|BEER|CIGAR|DIAPER|DIET|FAMILY|FEMININE|FIRST AID|HEALTH|INFANT|LAXATIVE|LIQUOR|MEDIC|PHARM"
    r"|SMOKING|TOBACCO|VITAMIN|WINE"
)


def test_no_category_that_tells_of_body_age_or_drinking_is_a_taste() -> None:
    assert PRIVATE.search("INFANT FORMULA")
    assert [category for category in LISTED if PRIVATE.search(category)] == []


def test_nothing_is_a_taste_that_is_never_recommended() -> None:
    assert set(LISTED) & set(load_config("ranking")["excluded_categories"]) == set()


def test_a_category_belongs_to_one_taste() -> None:
    assert [category for category, times in Counter(LISTED).items() if times > 1] == []


def test_a_taste_is_named_in_plain_words_that_a_prompt_keeps_whole() -> None:
    assert [name for name in TASTES if not re.fullmatch(r"[a-z]+( [a-z]+){0,3}", name)] == []
