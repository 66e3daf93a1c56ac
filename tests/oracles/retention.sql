-- Weekly retention, 12 by 12, with ClickHouse's own function: of the members with a start in week w, how many have a
-- return in week w + 1, w + 2 … It knows no order within a week, so interval 0 is not comparable, and is the size here.
select cohort, sumForEach(came_back) as members
from (
    select
        subject,
        cohort,
        retention(
            week = cohort and name = 'start',
            week = cohort + 1 and name = 'back',
            week = cohort + 2 and name = 'back',
            week = cohort + 3 and name = 'back',
            week = cohort + 4 and name = 'back',
            week = cohort + 5 and name = 'back',
            week = cohort + 6 and name = 'back',
            week = cohort + 7 and name = 'back',
            week = cohort + 8 and name = 'back',
            week = cohort + 9 and name = 'back',
            week = cohort + 10 and name = 'back',
            week = cohort + 11 and name = 'back'
        ) as came_back
    from (
        select
            subject,
            assumeNotNull(name) as name,
            assumeNotNull(floor((toUnixTimestamp(occurred_at) - {first_second}) / 604800)) as week
        from file('{files}', Parquet)
    ) as events
    cross join (select number as cohort from numbers(12)) as cohorts
    group by subject, cohort
)
group by cohort
order by cohort
