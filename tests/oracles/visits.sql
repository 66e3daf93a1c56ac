-- Visits by business day and channel: the source's sessions, and of other events those more than 30 minutes after the one before of the same person.
with seen as (
    select coalesce(map.member_id, events.identity_key) as who, events.* exclude (identity_key)
    from read_parquet({events}) as events
    left join read_parquet({identity_map}) as map using (identity_key)
    where events.identity_key is not null or events.session_id is not null
),
cut as (
    select
        local_date, channel,
        occurred_at - lag(occurred_at) over (partition by who order by occurred_at, batch_id, row_number) as pause
    from seen where session_id is null
),
told as (
    select
        local_date, channel,
        row_number() over (partition by source, session_id order by occurred_at, batch_id, row_number) as place
    from seen where session_id is not null
),
visits as (
    select local_date, channel from cut where pause is null or pause > interval 30 minutes
    union all
    select local_date, channel from told where place = 1
)
select local_date, channel, count(*) as visits from visits group by all order by all
