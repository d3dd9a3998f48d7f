-- What the model wrote for the messages of a day, slots open: each text once, with the number of drafts that say just this,
-- of messages made of them, and one of their keys.
select
    drafts.text,
    count(distinct drafts.draft_id) as drafts,
    count(*) as messages,
    min(concat('user_id=', messages.user_id)) as example
from candidate.messages
inner join copy.drafts on messages.draft_id = drafts.draft_id
where messages.data_day = $day and messages.rung <> 'template'
group by drafts.text
order by drafts.text
