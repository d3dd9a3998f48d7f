-- What the messages of one day and their claims hold: one row per quantity.
with messages as (
    select
        user_id,
        item_id,
        text,
        locale,
        engine,
        model,
        prompt_version,
        draft_id,
        rung,
        refusal,
        concat('user_id=', user_id) as key_text
    from candidate.messages
    where data_day = $day
),

claims as (
    select
        user_id,
        item_id,
        slot,
        rendered,
        source_table,
        source_column,
        source_key,
        source_day,
        concat('user_id=', user_id, ' slot=', slot) as key_text
    from candidate.message_claims
    where data_day = $day
),

rendered as (
    select
        user_id,
        item_id,
        list(rendered order by length(rendered) desc, rendered) as texts
    from claims
    where rendered <> ''
    group by user_id, item_id
),

-- What the writer itself wrote: the text without what the claims put into it, the longest first.
bare as (
    select
        messages.key_text,
        list_reduce(
            list_prepend(messages.text, coalesce(rendered.texts, [])),
            lambda remaining, claim: replace(remaining, claim, ' ')
        ) as text
    from messages
    left join rendered on messages.user_id = rendered.user_id and messages.item_id = rendered.item_id
),

drafts as (
    select
        draft_id,
        text
    from copy.drafts
),

slots_of_drafts as (
    select
        messages.user_id,
        messages.item_id,
        messages.key_text,
        unnest(regexp_extract_all(drafts.text, '\{([a-z_]+)\}', 1)) as slot
    from messages
    inner join drafts on messages.draft_id = drafts.draft_id
    where messages.rung = 'draft'
),

repeated_users as (
    select min(key_text) as key_text from messages group by user_id having count(*) > 1
)

select
    'messages' as quantity,
    count(*) as measured,
    null as example
from messages
union all
select 'repeated_users', count(*), min(key_text) from repeated_users
union all
select 'users_not_to_address', count(*), min(key_text) from messages
where not exists (
    select 1 from candidate.audience
    where
        audience.data_day = $day
        and audience.user_id = messages.user_id
        and audience.is_eligible
        and audience.has_consent
)
union all
select 'items_not_recommended', count(*), min(key_text) from messages
where not exists (
    select 1 from candidate.recommendations
    where
        recommendations.data_day = $day
        and recommendations.user_id = messages.user_id
        and recommendations.item_id = messages.item_id
)
union all
select 'blank_texts', count(*), min(key_text) from messages where coalesce(trim(text), '') = ''
union all
select 'texts_of_bad_length', count(*), min(key_text) from messages
where not coalesce(length(text) between $shortest_text and $longest_text, false)
union all
select 'texts_with_braces', count(*), min(key_text) from bare where regexp_matches(text, '[{}]')
union all
select 'numbers_without_claim', count(*), min(key_text) from bare where regexp_matches(text, '\p{N}')
union all
select 'texts_without_claims', count(*), min(key_text) from messages
where not exists (
    select 1 from claims where claims.user_id = messages.user_id and claims.item_id = messages.item_id
)
union all
select 'slots_without_claim', count(*), min(key_text) from slots_of_drafts
where not exists (
    select 1 from claims
    where
        claims.user_id = slots_of_drafts.user_id
        and claims.item_id = slots_of_drafts.item_id
        and claims.slot = slots_of_drafts.slot
)
union all
select 'claims_not_in_text', count(*), min(claims.key_text) from claims
inner join messages on claims.user_id = messages.user_id and claims.item_id = messages.item_id
where not coalesce(contains(messages.text, nullif(claims.rendered, '')), false)
union all
select 'claims_without_message', count(*), min(key_text) from claims
where not exists (
    select 1 from messages where messages.user_id = claims.user_id and messages.item_id = claims.item_id
)
union all
select 'unrecorded_engines', count(*), min(key_text) from messages
where
    coalesce(trim(engine), '') = '' or coalesce(trim(model), '') = ''
    or coalesce(trim(prompt_version), '') = '' or coalesce(trim(locale), '') = ''
union all
select 'unknown_rungs', count(*), min(key_text) from messages where not coalesce(rung in $rungs, false)
union all
select 'drafts_not_stored', count(*), min(key_text) from messages
where
    rung = 'draft'
    and not exists (select 1 from drafts where drafts.draft_id = messages.draft_id)
union all
select 'templates_without_reason', count(*), min(key_text) from messages
where rung = 'template' and coalesce(trim(refusal), '') = ''
union all
select 'template_share', count(*) filter (rung = 'template') / greatest(count(*), 1), null from messages
