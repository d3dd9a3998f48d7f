-- A lake of 2017-11-28 that passes every gate, for test_gates_catch_planted_faults.py.
-- Ana, Ben and Cy bought; Cy never consented; item-19 is not available. Two earlier days tell what is usual.
create table intermediate.int_events_cleaned (data_day date, event_id varchar, user_id varchar, item_id varchar,
    event_type varchar, occurred_at timestamp, occurred_on date, quantity double, value decimal(12, 2),
    basket_id varchar);
create table intermediate.int_interactions_weighted (data_day date, user_id varchar, item_id varchar,
    event_count bigint, quantity double, value decimal(12, 2), first_occurred_at timestamp, last_occurred_at timestamp,
    last_bought_at timestamp, weight double, weight_before_holdout double, held_out_count integer);
create table intermediate.int_offers_delivered (data_day date, offer_id varchar, user_id varchar, delivered_at timestamp);
create table copy.drafts (draft_id varchar, text varchar, finish_reason varchar, tokens_in bigint, tokens_out bigint,
    engine varchar, engine_version varchar, model varchar, device varchar, dtype varchar, threads integer,
    prompt_version varchar, made_for_day date);
create table copy.canaries_sent (data_day date, canaries bigint);
create table copy.canaries (data_day date, canary_id varchar, draft_id varchar, outcome varchar, refusal varchar,
    sign varchar);
insert into raw.events (data_day, event_id, user_id, item_id, event_type, occurred_at, quantity, value, context,
    source_file, source_row)
select '2017-11-28', 'd' || n, ['ana', 'ben', 'cy'][n % 3 + 1], 'item-' || n % 4, 'purchase',
    timestamp '2017-11-28 09:00:00' + to_minutes(n), 1, 2.5, 'basket-' || n % 3, 'e.csv', n
from range(240) as r(n)
union all
select '2017-11-' || 26 + n // 240, 'h' || n, ['ana', 'ben', 'cy'][n % 3 + 1], 'item-' || n % 4, 'purchase',
    (date '2017-11-26' + (n // 240)::integer) + interval 9 hour, 1, 2.5, null, 'e.csv', n
from range(480) as r(n);
insert into raw.items (data_day, item_id, title, department, category, brand, size, price, available, valid_from,
    source_file, source_row)
select '2017-11-28', 'item-' || n, 'Soup ' || n, 'Grocery', 'Soups', 'Best', '10 OZ', 1.5, true, '2017-11-28', 'i.csv', n
from range(20) as r(n);
insert into raw.users (data_day, user_id, has_consent, locale, valid_from, source_file, source_row) values
    ('2017-11-28', 'ana', true, 'en_US', '2017-11-28', 'u.csv', 1),
    ('2017-11-28', 'ben', true, 'en_US', '2017-11-28', 'u.csv', 2),
    ('2017-11-28', 'cy', false, 'en_US', '2017-11-28', 'u.csv', 3);
insert into raw.offers (data_day, offer_id, item_id, audience, starts_on, ends_on, source_file, source_row) values
    ('2017-11-28', 'campaign-1', 'item-9', 'everyone', '2017-11-28', '2017-12-24', 'o.csv', 1),
    ('2017-11-28', 'campaign-2', 'item-13', 'targeted', '2017-11-28', '2017-12-03', 'o.csv', 2);
insert into raw.feedback (data_day, feedback_id, user_id, offer_id, kind, occurred_at, source_file, source_row) values
    ('2017-11-28', 'f1', 'ana', 'campaign-1', 'delivered', '2017-11-28 08:00:00', 'f.csv', 1),
    ('2017-11-28', 'f2', 'ben', 'campaign-2', 'delivered', '2017-11-28 08:00:00', 'f.csv', 2);
insert into intermediate.int_offers_delivered values
    ('2017-11-28', 'campaign-1', 'ana', '2017-11-28 08:00:00'), ('2017-11-28', 'campaign-2', 'ben', '2017-11-28 08:00:00');
insert into raw.landings (data_day, entity, source_file, sha256, row_count, quarantined_count, duplicate_count)
select data_day, entity, entity || '.csv', repeat('0123456789abcdef', 4), count(*), 0, 0
from (
    select data_day, 'events' as entity from raw.events
    union all select data_day, 'items' from raw.items
    union all select data_day, 'users' from raw.users
    union all select data_day, 'offers' from raw.offers
    union all select data_day, 'feedback' from raw.feedback
) as landed
group by data_day, entity;
insert into intermediate.int_events_cleaned
select data_day, event_id, user_id, item_id, event_type, occurred_at, occurred_at::date, quantity, value, context
from raw.events;
insert into intermediate.int_interactions_weighted
select date '2017-11-28', user_id, item_id, count(*), sum(quantity), sum(value), min(occurred_at), max(occurred_at),
    max(occurred_at), count(*) * 0.9, 0, count(*)
from raw.events group by user_id, item_id;
insert into candidate.item_facts (data_day, item_id, title, department, category, brand, size, price, typical_price,
    currency, is_available, buyers_28d, last_sold_on, valid_from)
select '2017-11-28', item_id, title, department, category, brand, size, price, price, 'USD', item_id <> 'item-19',
    3, '2017-11-28', valid_from
from raw.items;
insert into candidate.item_offers (data_day, offer_id, item_id, audience, starts_on, ends_on)
select data_day, offer_id, item_id, audience, starts_on, ends_on from raw.offers;
insert into candidate.user_preferences (data_day, user_id, kind, tag, rank, share_of_spend)
select '2017-11-28', u, k, k || r, r, 0.5
from (select unnest(['ana', 'ben', 'cy']) as u) as a, (select unnest(['department', 'category', 'brand']) as k) as b,
    (select unnest([1, 2]) as r) as c;
insert into candidate.audience (data_day, user_id, has_consent, locale, last_active_on, favourite_department,
    spend_28d, is_eligible)
select '2017-11-28', user_id, has_consent, locale, '2017-11-28', 'department1', 12.5, has_consent from raw.users;
insert into candidate.user_signatures (data_day, user_id, tastes, price_tier, cadence, signature, signature_id) values
    ('2017-11-28', 'ana', 'soups a lot', 'low', 'weekly', 'soups a lot', 'd1'),
    ('2017-11-28', 'ben', null, 'low', 'weekly', null, null);
insert into candidate.recommendations (data_day, user_id, rank, item_id, score, strategy, reason_item_id,
    model_version, task, propensity)
values
    ('2017-11-28', 'ana', 1, 'item-10', 0.9, 'als_with_ease', 'item-1', 'als-1', 'discover', 1),
    ('2017-11-28', 'ana', 2, 'item-11', 0.8, 'als_with_ease', 'item-2', 'als-1', 'discover', 1),
    ('2017-11-28', 'ana', 3, 'item-12', 7, 'popular', null, 'popular-1', 'discover', 1),
    ('2017-11-28', 'ana', 1, 'item-1', 0.7, 'habits', null, 'als-1', 'replenish', 1),
    ('2017-11-28', 'ben', 1, 'item-13', 5, 'popular_in_group', null, 'popular-1', 'discover', 1),
    ('2017-11-28', 'ben', 2, 'item-14', 8, 'popular', null, 'popular-1', 'discover', 1);
insert into candidate.recommendation_reasons (data_day, user_id, task, rank, place, reason_item_id, share) values
    ('2017-11-28', 'ana', 'discover', 1, 1, 'item-1', 0.6),
    ('2017-11-28', 'ana', 'discover', 1, 2, 'item-2', 0.3),
    ('2017-11-28', 'ana', 'discover', 2, 1, 'item-2', 1.1),
    ('2017-11-28', 'ana', 'replenish', 1, 1, 'item-1', 1.0);
insert into candidate.messages (data_day, user_id, item_id, text, locale, engine, model, prompt_version, draft_id,
    rung, refusal, signature, signature_id) values
    ('2017-11-28', 'ana', 'item-10', 'As you like Soup 1, have a look at Soup 10 for $1.50.', 'en_US', 'vllm', 'tiny',
        'product_message.v1', 'draft-1', 'draft', null, 'soups a lot', 'd1'),
    ('2017-11-28', 'ben', 'item-13', 'Soup 13 is on our shelf: 10 oz for $1.50. There is an offer on this until December 3.', 'en_US', 'template', 'none',
        'plain_message.v1', null, 'template', 'banned_word', null, null);
insert into candidate.message_claims (data_day, user_id, item_id, slot, rendered, source_table, source_column,
    source_key, source_day) values
    ('2017-11-28', 'ana', 'item-10', 'reason_item', 'Soup 1', 'marts.item_facts', 'title', 'item_id=item-1', '2017-11-28'),
    ('2017-11-28', 'ana', 'item-10', 'title', 'Soup 10', 'marts.item_facts', 'title', 'item_id=item-10', '2017-11-28'),
    ('2017-11-28', 'ana', 'item-10', 'price', '$1.50', 'marts.item_facts', 'price', 'item_id=item-10', '2017-11-28'),
    ('2017-11-28', 'ben', 'item-13', 'title', 'Soup 13', 'marts.item_facts', 'title', 'item_id=item-13', '2017-11-28'),
    ('2017-11-28', 'ben', 'item-13', 'offer_end', 'December 3', 'marts.item_offers', 'ends_on', 'offer_id=campaign-2 item_id=item-13', '2017-11-28'),
    ('2017-11-28', 'ben', 'item-13', 'size', '10 oz', 'marts.item_facts', 'size', 'item_id=item-13', '2017-11-28'),
    ('2017-11-28', 'ben', 'item-13', 'price', '$1.50', 'marts.item_facts', 'price', 'item_id=item-13', '2017-11-28');
insert into copy.drafts (draft_id, text, engine, model, prompt_version, made_for_day) values
    ('draft-1', 'As you like {reason_item}, have a look at {title} for {price}.', 'vllm', 'tiny',
        'product_message.v1', '2017-11-28');
insert into ops.recalls (kind, subject, recalled_at) values ('draft', 'draft-1', '2017-11-29');
insert into ops.recall_lifts (kind, subject, recalled_at) values ('draft', 'draft-1', '2017-11-29');
insert into copy.canaries_sent (data_day, canaries) values ('2017-11-28', 3);
insert into copy.canaries (data_day, canary_id, draft_id, outcome, refusal, sign) values
    ('2017-11-28', 'canary-1', 'draft-3', 'held', null, null),
    ('2017-11-28', 'canary-2', 'draft-4', 'held', 'banned_words', 'canary'),
    ('2017-11-28', 'canary-3', 'draft-5', 'over_budget', null, null),
    ('2017-11-27', 'canary-1', 'draft-6', 'obeyed', null, 'canary');
