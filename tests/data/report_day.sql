-- A published day for its report: so many readers and items as are asked for, the first of each with a hostile text.
insert into ops.runs (run_id, token, data_day, configuration, is_published) values ($hostile, 1, $day, 'c', true);
insert into raw.events (data_day, event_id, user_id, item_id, event_type, occurred_at, source_file, source_row)
select $day::date - (n % 29)::integer, 'e' || n, 'user-' || n % 50, 'item-' || n % $items,
    case when n % 97 = 0 then $hostile when n % 3 = 0 then 'purchase' else 'view' end,
    ($day::date - (n % 29)::integer) + to_minutes(n % 1440), 'e.csv', n
from range(20000) as r(n);
insert into raw.landings (data_day, entity, source_file, sha256, row_count, quarantined_count, duplicate_count)
values ($day, 'events', 'e.csv', repeat('0', 64), 690, 2, 1);
insert into raw.quarantine (data_day, entity, source_file, source_row, column_name, value, reason)
values ($day, 'events', 'e.csv', 1, 'occurred_at', $hostile, 'not a timestamp'), ($day, 'items', 'i.csv', 2, $hostile, '', $hostile);
insert into marts.item_facts (data_day, item_id, title, department, category, price, is_available, buyers_28d, last_sold_on)
select $day, 'item-' || n, case when n = 0 then $hostile else 'Soup ' || n end,
    case when n = 0 then $hostile else 'Department ' || n % 11 end, 'Soups', 1.5, n % 9 > 0, n % 40, $day
from range($items) as r(n);
insert into marts.recommendations (data_day, user_id, task, rank, item_id, score, strategy, reason_item_id)
select $day, 'user-' || u, case when n < 10 then 'discover' else 'replenish' end, n % 10 + 1,
    'item-' || (u * n) % $items, 1 - n / 20, case when n = 0 then $hostile when n < 10 then 'als' else 'habits' end, 'item-0'
from range($messages) as users(u), range(20) as places(n);
insert into marts.messages (data_day, user_id, item_id, text, locale, engine, model, prompt_version, draft_id, rung,
    refusal, signature, signature_id)
select $day, 'user-' || u, 'item-0', 'How about ' || $hostile || ' for $' || u || '.50? Soup ' || u || ' goes with it.', 'en_US',
    'vllm', 'tiny', 'p.v1', 'draft-' || u % 90,
    case when u % 10 = 0 then 'template' when u % 7 = 0 then 'similar' else 'draft' end,
    case when u % 10 = 0 then 'banned_word' when u % 7 = 0 then $hostile end, 'soups a lot', 's'
from range($messages) as r(u);
insert into marts.message_claims (data_day, user_id, item_id, slot, rendered, source_table, source_column, source_key,
    source_day)
select $day, 'user-' || u, 'item-0', slot, case slot when 'title' then $hostile else '$' || u || '.50' end,
    'marts.item_facts', slot, 'item_id=' || $hostile, $day
from range($messages) as readers(u), (values ('title'), ('price')) as slots(slot);
insert into marts.model_metrics (data_day, model_version, strategy, metric, k, value, baseline, judged_day, horizon_days,
    protocol, task, user_group, users, low, high)
select $day, 'm', strategy, 'ndcg', 10, value, 0.1, $day::date - 7, 7, 'backtest', task, grouped, 90, value - 0.02, value + 0.02
from (values ('published', 0.2), ('popular', 0.1), ($hostile, 0.15)) as strategies(strategy, value),
    (values ('discover'), ('replenish')) as tasks(task),
    (values ('everyone'), ('age_band 35-44'), ('age_band ' || $hostile), ('spread age_band')) as groups(grouped)
union all
select $day, 'm', 'messages', 'swap_share', 0, 0.7, 0.5, $day, 0, 'copy', 'any', 'everyone', 90, 0.6, 0.8
union all
select $day, 'm', 'published', 'coverage', 10, 0.3, null, $day, 0, 'lists', 'discover', 'everyone', 90, null, null;
insert into marts.validations (data_day, step, suite, expectation, success, observed, expected) values
    ($day, 'check_messages', 'messages', 'texts_are_not_too_much_alike', true, '3', 'at most 10'),
    ($day, 'check_messages', 'messages', 'one_message_per_user', false, '2, such as ' || $hostile, '0'),
    ($day, 'check_landed', 'landed_events', 'the_day_has_events', true, 'events: 690', 'at least 1');
insert into marts.run_costs (data_day, step, seconds, peak_mb, tokens_in, tokens_out, drafts_made, drafts_reused) values
    ($day, 'write_copy', 91.5, 2600, 50000, 9000, 600, 15), ($day, 'land_day', 25, 1500, null, null, null, null);
insert into marts.drops (data_day, task, reason, candidates) values ($day, 'discover', 'unavailable', 1234);
insert into copy.canaries (data_day, canary_id, draft_id, outcome, refusal) values ($day, 'c1', 'd1', 'held', null);
