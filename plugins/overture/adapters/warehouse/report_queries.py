"""The queries behind a day's report: each asks for few rows, however many the day has."""

from typing import Final

CAME_IN: Final = {
    "hours": """
        with counted as (
            select event_type, data_day, hour(occurred_at) as hour, count(*) as events
            from raw.events where data_day between $first and $day group by all
        ),
        days as (select distinct data_day from counted where data_day < $day),
        grid as (
            select types.event_type, days.data_day, hours.hour
            from (select distinct event_type from counted) as types, days,
                (select unnest(range(24)) as hour) as hours
        ),
        usual as (
            select grid.event_type, grid.hour, avg(coalesce(counted.events, 0)) as usual,
                quantile_cont(coalesce(counted.events, 0), 0.1) as low,
                quantile_cont(coalesce(counted.events, 0), 0.9) as high
            from grid left join counted using (event_type, data_day, hour) group by all
        ),
        today as (select event_type, hour, events from counted where data_day = $day)
        select event_type, hour, coalesce(today.events, 0) as events, round(usual.usual, 1) as usual,
            round(usual.low, 1) as low, round(usual.high, 1) as high
        from usual full join today using (event_type, hour) order by event_type, hour
    """,
    "days": """
        select data_day, event_type, count(*) as events, data_day = $day as is_the_day
        from raw.events where data_day between $first and $day group by all order by data_day, event_type
    """,
    "landed": """
        select entity, count(*) as files, sum(row_count) as rows, sum(quarantined_count) as quarantined,
            sum(duplicate_count) as duplicates
        from raw.landings where data_day = $day group by entity order by entity
    """,
    "quarantined": """
        select entity, column_name, reason, count(*) as rows
        from raw.quarantine where data_day = $day group by all order by rows desc, entity, column_name, reason
        limit $longest
    """,
}

NEWEST_BACKTEST: Final = """
    select max(data_day) from marts.model_metrics where protocol = 'backtest' and data_day <= $day
"""
"""Lists are judged by the days after them, so that a day's own lists are not judged yet when it is published."""

LEARNED: Final = {
    "metrics": f"""
        select judged_day, horizon_days, protocol, task, strategy, metric, k, round(value, 4) as value,
            round(baseline, 4) as baseline, round(low, 4) as low, round(high, 4) as high, users
        from marts.model_metrics
        where user_group = 'everyone' and protocol not in ('copy', 'lists')
            and (data_day = $day or (protocol = 'backtest' and data_day = ({NEWEST_BACKTEST})))
        order by all limit $longest
    """,
    "facts": """
        select item_id, title, department, buyers_28d
        from marts.item_facts where data_day = $day and last_sold_on is not null
        order by buyers_28d desc, md5(concat(item_id, $seed)), item_id limit $drawn
    """,
}

RECOMMENDED: Final = {
    "strategies": """
        select task, strategy, count(*) as places, count(distinct user_id) as users, count(distinct item_id) as items
        from marts.recommendations where data_day = $day group by all order by task, places desc, strategy
    """,
    "departments": """
        with listed as (
            select coalesce(facts.department, 'unknown') as department, listed.task, count(*) as places
            from marts.recommendations as listed
            left join marts.item_facts as facts using (data_day, item_id)
            where listed.data_day = $day group by all
        )
        select department, task, places, places / sum(places) over (partition by task) as share
        from listed order by sum(places) over (partition by department) desc, department, task limit 60
    """,
    "reach": """
        with offered as (
            select item_id from marts.item_facts where data_day = $day and is_available and price is not null
        ),
        listed as (
            select item_id, count(*) as places from marts.recommendations where data_day = $day group by item_id
        )
        select count(*) as items, count(listed.item_id) as listed,
            count(listed.item_id) / nullif(count(*), 0) as coverage
        from offered left join listed using (item_id)
    """,
    "lorenz": """
        with placed as (
            select facts.item_id, count(listed.item_id) as places
            from marts.item_facts as facts
            left join marts.recommendations as listed
                on facts.item_id = listed.item_id and listed.data_day = $day
            where facts.data_day = $day and (facts.is_available or listed.item_id is not null)
            group by facts.item_id
        ),
        summed as (
            select row_number() over (order by places, item_id) as place, count(*) over () as items,
                sum(places) over (order by places, item_id) / nullif(sum(places) over (), 0) as share
            from placed
        )
        select ceil(100 * place / items)::integer as percent_of_items, round(max(share), 4) as share_of_places
        from summed group by all order by all
    """,
    "lists": """
        select task, strategy, metric, k, round(value, 4) as value, users
        from marts.model_metrics
        where data_day = $day and protocol = 'lists' and user_group = 'everyone' order by all limit $longest
    """,
    "groups": f"""
        select judged_day, protocol, task, strategy, user_group, metric, k, round(value, 4) as value,
            round(low, 4) as low, round(high, 4) as high, users
        from marts.model_metrics
        where user_group <> 'everyone' and protocol <> 'copy'
            and (data_day = $day or (protocol = 'backtest' and data_day = ({NEWEST_BACKTEST})))
        order by all limit $longest
    """,
    "dropped": """
        select task, reason, candidates from marts.drops where data_day = $day order by candidates desc, task, reason
        limit $longest
    """,
}

WRITTEN: Final = {
    "rungs": """
        select rung, coalesce(refusal, '') as refusal, count(*) as messages, count(distinct text) as texts
        from marts.messages where data_day = $day group by all order by messages desc, rung, refusal
    """,
    "alike": """
        select count(*) as messages, count(distinct text) as texts, count(distinct draft_id) as drafts,
            count(distinct item_id) as items, count(distinct signature_id) as signatures
        from marts.messages where data_day = $day
    """,
    "attacks": """
        select outcome, coalesce(refusal, '') as refusal, count(*) as attacks
        from copy.canaries where data_day = $day group by all order by attacks desc, outcome, refusal
    """,
    "personal": """
        select metric, k, users, round(value, 4) as value, round(low, 4) as low, round(high, 4) as high,
            round(baseline, 4) as by_chance
        from marts.model_metrics where data_day = $day and protocol = 'copy' order by metric, k
    """,
    "cards": """
        with drawn as (
            select * from marts.messages where data_day = $day
            order by md5(concat(user_id, $seed)), user_id limit $shown
        )
        select drawn.user_id, drawn.item_id, drawn.text, drawn.locale, drawn.rung, drawn.refusal, drawn.signature,
            drawn.model, drawn.prompt_version, listed.strategy, listed.rank, reason.title as reason
        from drawn
        left join marts.recommendations as listed
            on drawn.data_day = listed.data_day and drawn.user_id = listed.user_id
            and drawn.item_id = listed.item_id and listed.task = 'discover'
        left join marts.item_facts as reason
            on listed.data_day = reason.data_day and listed.reason_item_id = reason.item_id
        order by md5(concat(drawn.user_id, $seed)), drawn.user_id
    """,
    "claims": """
        select user_id, slot, rendered, source_table, source_column, source_key, source_day
        from marts.message_claims
        where data_day = $day and user_id in (
            select user_id from marts.messages where data_day = $day
            order by md5(concat(user_id, $seed)), user_id limit $shown
        )
        order by user_id, slot
    """,
}

TOOK: Final = {
    "costs": """
        select step, round(seconds, 1) as seconds, round(peak_mb) as peak_mb, tokens_in, tokens_out, drafts_made,
            drafts_reused
        from marts.run_costs where data_day = $day order by seconds desc, step limit $longest
    """,
}

GATES: Final = {
    "verdicts": """
        select step, suite, expectation, success, observed, expected
        from marts.validations where data_day = $day order by success, step, suite, expectation
    """,
}

WRITERS: Final = {
    "models": """
        select engine, model, prompt_version, count(*) as messages
        from marts.messages where data_day = $day group by all order by messages desc, engine, model, prompt_version
    """,
}

SECTIONS: Final = {
    "came_in": CAME_IN,
    "learned": LEARNED,
    "recommended": RECOMMENDED,
    "written": WRITTEN,
    "took": TOOK,
    "gates": GATES,
    "writers": WRITERS,
}
"""The report's sections, each with its queries; `report_reads` binds what they ask for."""

DAYS: Final = """
    with published as (select distinct data_day from ops.runs where is_published),
    judged as (
        select data_day, count(*) as expectations, count(*) filter (success) as passed
        from marts.validations group by data_day
    ),
    written as (
        select data_day, count(*) as messages, count(*) filter (rung = 'template') as templates
        from marts.messages group by data_day
    ),
    took as (select data_day, sum(seconds) as seconds from marts.run_costs group by data_day)
    select published.data_day, coalesce(judged.expectations, 0) as expectations, coalesce(judged.passed, 0) as passed,
        coalesce(written.messages, 0) as messages, written.templates / written.messages as template_share,
        round(took.seconds, 1) as seconds
    from published
    left join judged using (data_day)
    left join written using (data_day)
    left join took using (data_day)
    order by published.data_day desc
"""
"""One row for each published day, the last one first."""
