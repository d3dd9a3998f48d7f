"""What a day's messages say, beside the signature of the user that each is for."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from overture.adapters.warehouse.connection import Warehouse

Texts = npt.NDArray[np.str_]

SENTENCES = r"""
with titles as (
    select user_id, rendered
    from candidate.message_claims
    where data_day = $day and slot = 'title'
)

select
    coalesce(messages.signature, '') as signature,
    -- Price, size and reason are left out: they are facts, and change from day to day.
    coalesce(replace(coalesce(drafts.text, '{title}'), '{title}', titles.rendered), messages.text) as sentence,
    coalesce(regexp_replace(drafts.text, '\{[a-z_]+\}', 'it', 'g'), '') as words,
    coalesce(messages.draft_id, '') as draft_id,
    concat(messages.model, ' ', messages.prompt_version) as writer
from candidate.messages
left join copy.drafts on messages.draft_id = drafts.draft_id
left join titles on messages.user_id = titles.user_id
where messages.data_day = $day
order by messages.user_id
"""


@dataclass(frozen=True)
class Sentences:
    """A day's messages in the order of their users; "" where there is none.

    signatures: of the users. sentences: the drafts with their titles, or the titles alone of messages without a draft.
    words: the drafts with "it" for every slot. draft_ids: of the drafts. writers: models and prompts.
    """

    signatures: Texts
    sentences: Texts
    words: Texts
    draft_ids: Texts
    writers: Texts


def read_sentences(warehouse: Warehouse, day: date) -> Sentences:
    """Return what the candidate messages of `day` say."""
    rows = warehouse.rows(SENTENCES, {"day": day})
    columns = zip(*rows, strict=True) if rows else [()] * 5
    return Sentences(*(np.array(column, dtype=str) for column in columns))
