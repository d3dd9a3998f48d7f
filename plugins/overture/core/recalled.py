"""What people have recalled, and what is left of a message's facts without it."""

from dataclasses import dataclass, replace

from overture.core.claims import ITEM_FACTS, ITEM_OFFERS, Recipient


@dataclass(frozen=True)
class Recalled:
    """What may not be said on a day. drafts: their ids. facts: `TABLE.COLUMN:KEY`, as claims name their cells."""

    drafts: frozenset[str] = frozenset()
    facts: frozenset[str] = frozenset()

    def taken_from(self, recipient: Recipient) -> Recipient:
        """Return the recipient without the cells that were recalled, as if the day's tables did not have them.

        A recalled title of the item itself is not its affair: such an item is left out where recipients are read.
        """
        if not self.facts:
            return recipient
        reason = recipient.reason_item_id
        return replace(
            recipient,
            price=None if self._has("price", recipient.item_id) else recipient.price,
            size=None if self._has("size", recipient.item_id) else recipient.size,
            offer_ends_on=None if self._has_offer(recipient) else recipient.offer_ends_on,
            category=None if self._has("category", recipient.item_id) else recipient.category,
            reason_title=None if reason and self._has("title", reason) else recipient.reason_title,
            reason_category=None if reason and self._has("category", reason) else recipient.reason_category,
        )

    def _has_offer(self, recipient: Recipient) -> bool:
        key = f"offer_id={recipient.offer_id} item_id={recipient.item_id}"
        return f"{ITEM_OFFERS}.ends_on:{key}" in self.facts

    def _has(self, column: str, item_id: str) -> bool:
        return f"{ITEM_FACTS}.{column}:item_id={item_id}" in self.facts
