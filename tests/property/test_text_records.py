import csv
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from overture.adapters import text_records
from overture.adapters.canonical import EVENTS
from overture.adapters.sources import EntitySource

OPTIONS = EntitySource(
    EVENTS, "{data_day}.csv", "csv", {}, 0.0, may_be_absent=False, nulls=(), delimiter=",", quote='"', encoding="utf-8"
)
TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
ROWS = st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=20)


@settings(deadline=None)
@given(ROWS)
def test_every_record_of_a_csv_file_comes_back_unchanged_with_its_number(rows: list[list[str]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
        batches = [batch.to_pydict() for batch in text_records.csv_batches(path, OPTIONS)]
    assert [fields for batch in batches for fields in batch["fields"]] == rows
    assert [number for batch in batches for number in batch["source_row"]] == list(range(1, len(rows) + 1))
    assert [defect for batch in batches for defect in batch["defect"] if defect is not None] == []
