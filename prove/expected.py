"""What the state machine's lake must hold, as a reader of the promises would write it down."""

from dataclasses import dataclass, field
from datetime import date, timedelta

FIRST = date(2024, 5, 1)
DAYS = tuple(FIRST + timedelta(days=number) for number in range(3))

Event = tuple[str, int | None, int]
"""Of one delivery of an event: who, paid cents (None: unknown), and how many days before the file it occurred."""

Deliveries = dict[str, Event]
Published = dict[tuple[date, str], str]


@dataclass
class Expected:
    """What must be true of the lake."""

    delivered: dict[date, Deliveries] = field(default_factory=lambda: {day: {} for day in DAYS})
    landed: dict[date, Deliveries] = field(default_factory=dict)
    published: Published = field(default_factory=dict)
    of_runs: dict[str, Published] = field(default_factory=dict)

    def land(self, day: date) -> None:
        """`day` is read anew, earlier days where they never were."""
        for earlier in DAYS:
            if earlier == day or (earlier < day and earlier not in self.landed):
                self.landed[earlier] = dict(self.delivered[earlier])

    def known(self, day: date) -> dict[str, tuple[date, Event]]:
        """Return each event that arrived by `day` as it first arrived."""
        found: dict[str, tuple[date, Event]] = {}
        for arrived in sorted(landed for landed in self.landed if landed <= day):
            for event_id, event in self.landed[arrived].items():
                found.setdefault(event_id, (arrived, event))
        return found

    def publish(self, day: date, run_id: str) -> None:
        """The day's rows become those of what arrived by the day."""
        kept = {key: text for key, text in self.published.items() if key[0] != day}
        counts: dict[str, list[int]] = {}
        for _, (user, cents, _) in self.known(day).values():
            count = counts.setdefault(user, [0, 0])
            count[0] += 1
            count[1] += cents or 0
        self.published = kept | {
            (day, user): f"{number} for {cents / 100:.2f}" for user, (number, cents) in counts.items()
        }
        self.of_runs[run_id] = dict(self.published)
