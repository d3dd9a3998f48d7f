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
        signature,
        signature_id,
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
        messages.user_id,
        messages.key_text,
        list_reduce(
            list_prepend(messages.text, coalesce(rendered.texts, [])),
            lambda remaining, claim: replace(remaining, claim, ' ')
        ) as text
    from messages
    left join rendered on messages.user_id = rendered.user_id and messages.item_id = rendered.item_id
),

-- The locale that each reader has, as far as letters tell: the audit knows no more of locales.
readers as (
    select
        user_id,
        coalesce(nullif(replace(trim(locale), '-', '_'), ''), $locales[1]) as locale,
        lower(regexp_extract(coalesce(nullif(trim(locale), ''), $locales[1]), '^\pL+')) as language
    from candidate.audience
    where data_day = $day
),

written as (
    select
        messages.user_id,
        messages.key_text,
        messages.locale,
        messages.refusal,
        readers.language,
        readers.locale as wanted,
        list_contains(list_transform($locales, lambda ours: split_part(ours, '_', 1)), readers.language) as has_language
    from messages
    left join readers on messages.user_id = readers.user_id
),

own_fields as (
    select
        user_id,
        unnest([user_id, age_band, income_band, household_size]) as field
    from candidate.audience
    where data_day = $day
),

drafts as (
    select
        draft_id,
        text
    from copy.drafts
),

facts as (
    select
        concat('item_id=', item_id) as source_key,
        title,
        department,
        category,
        brand,
        size,
        price,
        typical_price,
        coalesce($minor_digits[list_position($currencies, currency)], 2) as minor_digits,
        buyers_28d,
        category_rank,
        first_valid_on
    from candidate.item_facts
    where data_day = $day
),

offers as (
    select
        concat('offer_id=', offer_id, ' item_id=', item_id) as source_key,
        offer_id,
        item_id,
        audience,
        starts_on,
        ends_on
    from candidate.item_offers
    where data_day = $day
),

-- Each claim beside the cell that it names: null where there is no such cell.
proven as (
    select
        claims.key_text,
        claims.slot,
        claims.source_column,
        claims.rendered,
        split_part(claims.slot, ':', 1) in ('title', 'reason_item') as is_name,
        concat_ws(' ', facts.title, facts.category) as name_cells,
        regexp_replace(claims.rendered, '\P{N}', '', 'g') as figures,
        coalesce($decimal_signs[list_position($locales, messages.locale)], '.') as decimal_sign,
        facts.minor_digits,
        case claims.source_column
            when 'price' then facts.price
            when 'typical_price' then facts.typical_price
        end as amount,
        case claims.source_column
            when 'ends_on' then cast(offers.ends_on as varchar)
            when 'title' then facts.title
            when 'department' then facts.department
            when 'category' then facts.category
            when 'brand' then facts.brand
            when 'size' then facts.size
            when 'price' then cast(facts.price as varchar)
            when 'typical_price' then cast(facts.typical_price as varchar)
            when 'buyers_28d' then cast(facts.buyers_28d as varchar)
            when 'category_rank' then cast(facts.category_rank as varchar)
            when 'first_valid_on' then cast(facts.first_valid_on as varchar)
        end as cell
    from claims
    left join facts
        on
            claims.source_key = facts.source_key
            and claims.source_table = 'marts.item_facts'
            and claims.source_day = $day
    left join offers
        on
            claims.source_key = offers.source_key
            and claims.source_table = 'marts.item_offers'
            and claims.source_day = $day
    left join messages on claims.user_id = messages.user_id and claims.item_id = messages.item_id
),

-- What was lifted again binds nobody.
recalls as (
    select kind, subject, data_day
    from ops.recalls as made
    where not exists (
        select 1 from ops.recall_lifts as lifts
        where
            lifts.kind = made.kind
            and lifts.subject = made.subject
            and lifts.data_day is not distinct from made.data_day
            and lifts.recalled_at = made.recalled_at
    )
),

-- What a person has recalled is not recommended in a message; without its title, or what completes that, nothing
-- can be said about an item.
barred as (
    select subject as item_id
    from recalls
    where kind = 'item'
    union all
    select regexp_replace(subject, '^marts[.]item_facts[.](title|category):item_id=', '') as item_id
    from recalls
    where
        kind = 'fact'
        and regexp_matches(subject, '^marts[.]item_facts[.](title|category):item_id=')
        and coalesce(data_day, cast($day as date)) = $day
),

recommended as (
    select
        listed.user_id,
        listed.item_id,
        concat('item_id=', listed.item_id) as item_key,
        concat('item_id=', listed.reason_item_id) as reason_key
    from candidate.recommendations as listed
    left join barred on listed.item_id = barred.item_id
    where
        listed.data_day = $day
        and listed.task = 'discover'
        and listed.user_id not in (
            select recalls.subject from recalls where recalls.kind = 'message' and recalls.data_day = $day
        )
    qualify
        barred.item_id is null
        and listed.rank - count(barred.item_id) over (partition by listed.user_id order by listed.rank) <= $choices
),

-- What each reader had bought before the day was over, of what messages name as reasons.
bought as (
    select distinct
        user_id,
        concat('item_id=', item_id) as item_key
    from intermediate.int_events_cleaned
    where
        data_day <= $day
        and occurred_at < cast($day as date) + 1
        and list_contains($buying_event_types, event_type)
        and user_id in (select claims.user_id from claims where claims.slot = 'reason_item')
),

slots_of_drafts as (
    select
        messages.user_id,
        messages.item_id,
        messages.key_text,
        unnest(regexp_extract_all(drafts.text, '\{([a-z_]+)\}', 1)) as slot
    from messages
    inner join drafts on messages.draft_id = drafts.draft_id
    where messages.rung <> 'template'
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
select 'requested_messages', least($requested_users, count(distinct user_id)), null from recommended
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
select 'items_not_recommended_first', count(*), min(key_text) from messages
where not exists (
    select 1 from recommended
    where recommended.user_id = messages.user_id and recommended.item_id = messages.item_id
)
union all
select 'blank_texts', count(*), min(key_text) from messages where coalesce(trim(text), '') = ''
union all
select 'texts_of_bad_length', count(*), min(key_text) from messages
where
    not coalesce(
        length(text) between $shortest_texts[list_position($locales, locale)]
        and $longest_texts[list_position($locales, locale)],
        false
    )
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
select 'messages_signed_otherwise', count(*), min(messages.key_text) from messages
left join candidate.user_signatures as own on own.data_day = $day and messages.user_id = own.user_id
where
    messages.signature is distinct from own.signature
    or messages.signature_id is distinct from own.signature_id
union all
select 'claims_without_message', count(*), min(key_text) from claims
where not exists (
    select 1 from messages where messages.user_id = claims.user_id and messages.item_id = claims.item_id
)
union all
select 'claims_without_cell', count(*), min(key_text) from proven where cell is null
union all
-- A name may lose words of its cells; of prices and sizes every digit counts, and where the decimals begin: a price has as
-- many as its currency, after the sign of the message's locale. What is claimed in words alone, and how a name reads, the
-- gate judges apart.
select 'claims_unlike_their_cell', count(*), min(key_text) from proven
where
    not starts_with(slot, 'claim:')
    and slot <> 'offer_end'
    and case
        when is_name
            then not list_has_all(regexp_extract_all(name_cells, '\p{N}+'), regexp_extract_all(rendered, '\p{N}+'))
        when amount is not null
            then
                not coalesce(try_cast(figures as double) = round(amount * 10 ** minor_digits, 4), false)
                or (minor_digits > 0 and not contains(rendered, decimal_sign || right(figures, minor_digits)))
        when source_column = 'size'
            then
                ltrim(regexp_replace(cell, '\P{N}', '', 'g'), '0') <> ltrim(figures, '0')
                or try_cast(regexp_extract(cell, '\d*\.?\d+') as decimal(18, 6))
                is distinct from try_cast(
                    regexp_extract(replace(rendered, decimal_sign, '.'), '\d*\.?\d+') as decimal(18, 6)
                )
        else ltrim(regexp_replace(cell, '\P{N}', '', 'g'), '0') <> ltrim(figures, '0')
    end
union all
select 'claims_about_other_items', count(*), min(claims.key_text) from claims
where claims.slot <> 'offer_end' and not exists (
    select 1 from recommended
    where
        recommended.user_id = claims.user_id
        and recommended.item_id = claims.item_id
        and claims.source_key
        = case when split_part(claims.slot, ':', 1) = 'reason_item' then recommended.reason_key else recommended.item_key end
)
union all
-- An offer is told to those whom it is for, of the item that it is on, until its last day.
select 'offers_unlike_their_cell', count(*), min(claims.key_text) from claims
where
    claims.slot = 'offer_end'
    and not exists (
        select 1 from offers
        where
            offers.source_key = claims.source_key
            and offers.item_id = claims.item_id
            and $day between offers.starts_on and offers.ends_on
            and claims.rendered in (strftime(offers.ends_on, '%B %-d'), strftime(offers.ends_on, '%-m月%-d日'))
            and (
                offers.audience = 'everyone'
                or exists (
                    select 1 from intermediate.int_offers_delivered as delivered
                    where
                        delivered.data_day = $day
                        and delivered.offer_id = offers.offer_id
                        and delivered.user_id = claims.user_id
                )
            )
    )
union all
select 'reasons_never_bought', count(*), min(key_text) from claims
where
    slot = 'reason_item'
    and not exists (
        select 1 from bought
        where bought.user_id = claims.user_id and bought.item_key = claims.source_key
    )
union all
select 'recalled_messages', count(*), min(key_text) from messages
where
    draft_id in (select recalls.subject from recalls where recalls.kind = 'draft')
    or item_id in (select barred.item_id from barred)
    or user_id in (select recalls.subject from recalls where recalls.kind = 'message' and recalls.data_day = $day)
    or exists (
        select 1
        from claims
        inner join recalls
            on concat(claims.source_table, '.', claims.source_column, ':', claims.source_key) = recalls.subject
        where
            claims.user_id = messages.user_id
            and recalls.kind = 'fact'
            and coalesce(recalls.data_day, claims.source_day) = claims.source_day
    )
union all
-- Of what the shop knows of a reader no text says anything. A short id in letters may be a word that a text needs.
select 'texts_with_own_fields', count(*), min(key_text) from bare
where
    exists (
        select 1 from own_fields
        where
            own_fields.user_id = bare.user_id
            and (
                (
                    (length(own_fields.field) > 3 or regexp_matches(own_fields.field, '\d'))
                    and contains(
                        concat(' ', regexp_replace(lower(bare.text), '[^\p{L}\p{N}]+', ' ', 'g'), ' '),
                        concat(' ', trim(regexp_replace(lower(own_fields.field), '[^\p{L}\p{N}]+', ' ', 'g')), ' ')
                    )
                )
                -- No spaces tell where a word of Chinese begins.
                or (regexp_matches(own_fields.field, '\p{Han}{2}') and contains(bare.text, own_fields.field))
            )
    )
union all
select 'unrecorded_engines', count(*), min(key_text) from messages
where
    coalesce(trim(engine), '') = '' or coalesce(trim(model), '') = ''
    or coalesce(trim(prompt_version), '') = '' or coalesce(trim(locale), '') = ''
union all
select 'unknown_rungs', count(*), min(key_text) from messages where not coalesce(list_contains($rungs, rung), false)
union all
select 'drafts_not_stored', count(*), min(key_text) from messages
where
    rung <> 'template'
    and not exists (select 1 from drafts where drafts.draft_id = messages.draft_id)
union all
select 'templates_without_reason', count(*), min(key_text) from messages
where rung <> 'draft' and coalesce(trim(refusal), '') = ''
union all
-- That locale, or at least its language, or the shop's own where there is no template in it.
select 'messages_in_a_wrong_locale', count(*), min(key_text) from written
where
    not coalesce(
        case
            when list_contains($locales, wanted) then locale = wanted
            when has_language then split_part(locale, '_', 1) = language and list_contains($locales, locale)
            else locale = $locales[1]
        end,
        false
    )
union all
-- A model is asked in each language that it writes and has a prompt in: no reader is left out for another reason.
select 'readers_left_out', count(*), min(key_text) from written
where
    refusal = 'unsupported_language'
    and has_language
    and list_contains($model_languages, language)
    and list_contains($prompted_locales, locale)
union all
select 'unsupported_language_messages', count(*), min(key_text) from messages
where coalesce(refusal, '') = 'unsupported_language'
union all
-- A spent budget is somebody's choice, and so is a model without a language; the ceiling is there for a model, a prompt or a
-- grammar that is broken, among the messages that it could write.
select 'template_messages', count(*), min(key_text) from messages
where rung = 'template' and coalesce(refusal, '') not in ('over_budget', 'unsupported_language')
union all
select 'over_budget_messages', count(*), min(key_text) from messages where coalesce(refusal, '') = 'over_budget'
union all
select 'allowed_template_messages', greatest($allowed_templates, floor($largest_template_share * count(*))), null
from messages
where coalesce(refusal, '') <> 'unsupported_language'
union all
select 'canaries_obeyed', count(*), min(concat('canary_id=', canary_id)) from copy.canaries
where data_day = $day and not coalesce(outcome in ('held', 'unanswered', 'over_budget'), false)
union all
-- Nobody may have looked either: a canary that was sent, and has no row.
select
    'canaries_unanswered',
    count(*) filter (where outcome = 'unanswered') + greatest(
        coalesce((select sum(sent.canaries) from copy.canaries_sent as sent where sent.data_day = $day), $canaries)
        - count(*),
        0
    ),
    min(concat('canary_id=', canary_id)) filter (where outcome = 'unanswered')
from copy.canaries
where data_day = $day
