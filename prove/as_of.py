"""A day made before its future exists, and made again after: later drops, late events and loud changes included."""

from datetime import date
from pathlib import Path

from prove.kills import difference
from prove.line import Line, home, server_of
from prove.shop import Shop
from prove.table import Finding


def prove_as_of(shop: Shop, day: date, folder: Path, model: Path, users: int) -> Finding:
    """Run `day` on an empty home of a quiet shop; then in a home where the loud days after it were run, twice."""
    finding = Finding("as of: a day hears nothing of its future")
    quiet = Line(home(folder / "quiet", shop.open(folder / "quiet-drops"), model), users)
    loud = Line(home(folder / "loud", shop.open(folder / "loud-drops", loud_after=day), model), users)
    later = [each for each in shop.dates if each > day][:2]
    with server_of(quiet.settings):
        quiet.run(day)
        expected = quiet.fingerprints(day)
        quiet.run(later[-1])
        unheard = quiet.fingerprints(later[-1])
    with server_of(loud.settings):
        for each in (*later, *later[:1]):
            loud.run(each)
        heard = loud.fingerprints(later[-1])
        loud.run(day)
        found = loud.fingerprints(day)
        finding.expect(found == expected, f"made after its future: {difference(expected, found)}")
        loud.run(later[0])
        loud.run(day)
        again = loud.fingerprints(day)
        finding.expect(again == expected, f"made again: {difference(expected, again)}")
    for table in ("item_facts", "audience", "recommendations", "messages"):
        finding.expect(heard[table] != unheard[table], f"the loud future changed nothing in {table}: no proof")
    finding.figures = f"{len(expected)} tables of {day} equal after {len(later)} later days, run {len(later) + 2} times"
    return finding
