-- The rival of the sequential funnel: how many subjects get how deep (one identity each). ClickHouse orders events of equal time by step.
select level, count() as members
from (
    select
        identity_key,
        windowFunnel({window_seconds})(
            toDateTime(occurred_at),
            name = '{steps[0]}', name = '{steps[1]}', name = '{steps[2]}', name = '{steps[3]}', name = '{steps[4]}'
        ) as level
    from file('{files}', Parquet)
    where name in ('{steps[0]}', '{steps[1]}', '{steps[2]}', '{steps[3]}', '{steps[4]}')
    group by identity_key
)
group by level
order by level
