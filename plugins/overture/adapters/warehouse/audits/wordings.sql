-- The wordings of a day's messages, what the facts put into them left out: each once a locale, with the claims in words that the
-- ledger has for it, the number of its messages, and one of their keys.
with filled as (
    select
        user_id,
        item_id,
        list(rendered order by length(rendered) desc, rendered) filter (not starts_with(slot, 'claim:')) as texts,
        list_sort(list(slot) filter (starts_with(slot, 'claim:'))) as claims
    from candidate.message_claims
    where data_day = $day
    group by user_id, item_id
),

bare as (
    select
        messages.user_id,
        messages.locale,
        coalesce(filled.claims, []) as claims,
        list_reduce(
            list_prepend(messages.text, coalesce(filled.texts, [])),
            lambda remaining, claim: replace(remaining, claim, '{it}')
        ) as wording
    from candidate.messages
    left join filled on messages.user_id = filled.user_id and messages.item_id = filled.item_id
    where messages.data_day = $day
)

select
    wording,
    claims,
    count(*) as messages,
    min(concat('user_id=', user_id)) as example,
    locale
from bare
where wording is not null
group by wording, claims, locale
order by wording, claims, locale
