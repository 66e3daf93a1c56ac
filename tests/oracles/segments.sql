-- Members who viewed products at least 3 times in the last 30 business days and put something into the cart on at least 2 of the
-- last 90, but not those whose orders of the last 90 come to at least 300 in all. $newest: the newest business day with data.
with who as (
    select identity_key, member_id from read_parquet($map) where is_known
),
did as (
    select
        member_id,
        count(*) filter (where name = 'product_view' and local_date > $newest::date - 30) as views,
        count(distinct local_date) filter (where name = 'add_to_cart') as cart_days
    from read_parquet($events) join who using (identity_key)
    where name in ('product_view', 'add_to_cart') and local_date > $newest::date - 90
    group by member_id
),
orders as (
    select max(identity_key) as identity_key, min(local_date) as local_date, sum(amount_minor) as amount_minor
    from read_parquet($order_lines) where line_kind = 'sale'
    group by source, order_no having sum(amount_minor) > 0
),
bought as (
    select member_id, sum(amount_minor) as amount_minor
    from orders join who using (identity_key) where local_date > $newest::date - 90
    group by member_id
)
select count(*)
from did left join bought using (member_id)
where views >= 3 and cart_days >= 2 and coalesce(bought.amount_minor, 0) < 30000
