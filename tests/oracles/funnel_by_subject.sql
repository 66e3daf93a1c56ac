-- ClickHouse's own answer for every single subject, to be compared with ours one by one.
select
    subject,
    windowFunnel({window_seconds})(
        toDateTime(occurred_at), name = 'a', name = 'b', name = 'c', name = 'd'
    ) as level
from file('{files}', Parquet)
group by subject
order by subject
