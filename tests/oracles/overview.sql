-- The Overview in hand-written SQL, one statement per topic: the oracle of its figures, and what its speed is measured against.
-- Views over the lake's files: events, order_lines, group_messages, group_membership, touches, offer_events, feedback,
-- referrals, channel_spend, member_profiles, event_names, identity_map. Parameters: $start, $end (half-open, now),
-- $before_start, $before_end (compared), $zone_hours. Each returns rows (period, name, value); series come as (on, name, value).

-- name: sales
with m as (select identity_key, member_id from identity_map where is_known),
orders as (
  select l.source, l.order_no, max(m.member_id) as member_id, sum(l.amount_minor) as gross, min(l.local_date) as day
  from order_lines l left join m using (identity_key) where l.line_kind = 'sale'
  group by 1, 2 having sum(l.amount_minor) > 0),
p(period, s, e) as (values ('now', $start, $end), ('before', $before_start, $before_end)),
buyers as (select period, member_id, count(*) as n from orders, p where day >= s and day < e and member_id is not null group by 1, 2),
sums as (
  select period, sum(gross) filter (member_id is not null) as gross, count(*) filter (member_id is not null) as orders,
    sum(gross) filter (member_id is null) as anonymous_gross, count(*) filter (member_id is null) as anonymous_orders
  from orders, p where day >= s and day < e group by 1),
refunds as (
  select period, -sum(amount_minor) as refunds from order_lines join m using (identity_key), p
  where line_kind = 'refund' and local_date >= s and local_date < e group by 1)
select period, unnest(['gross', 'orders', 'anonymous_gross', 'anonymous_orders', 'refunds', 'buyers', 'repeating']) as name,
  unnest([coalesce(gross, 0), orders, coalesce(anonymous_gross, 0), anonymous_orders, coalesce(refunds, 0),
    (select count(*) from buyers b where b.period = sums.period),
    (select count(*) from buyers b where b.period = sums.period and n >= 2)]) as value
from sums left join refunds using (period);

-- name: sales by day
with m as (select identity_key, member_id from identity_map where is_known),
orders as (
  select max(m.member_id) as member_id, sum(l.amount_minor) as gross, min(l.local_date) as day
  from order_lines l left join m using (identity_key) where l.line_kind = 'sale'
  group by l.source, l.order_no having sum(l.amount_minor) > 0)
select day as on, sum(gross), count(*), count(distinct member_id) from orders
where member_id is not null and day >= $start and day < $end group by 1 order by 1;

-- name: cycle
with m as (select identity_key, member_id from identity_map where is_known),
orders as (
  select max(m.member_id) as member_id, min(l.occurred_at) as first_at, min(l.local_date) as day, min(l.row_number) as n
  from order_lines l join m using (identity_key) where l.line_kind = 'sale'
  group by l.source, l.order_no having sum(l.amount_minor) > 0),
gaps as (select day, date_diff('day', lag(day) over (partition by member_id order by first_at, n), day) as gap from orders)
select 'now' as period, 'gaps' as name, median(gap) as value from gaps where day >= $start and day < $end
union all select 'before', 'gaps', median(gap) from gaps where day >= $before_start and day < $before_end;

-- name: actions
with days as (
  select identity_key, local_date as day, bool_or(name = 'product_view') as v, bool_or(name = 'add_to_cart') as c,
    bool_or(name in ('like', 'comment', 'share', 'reply')) as i
  from events where local_date >= $before_start and local_date < $end
    and name not in (select name from (select name, arg_max(is_held, (batch_id, row_number)) as held from event_names group by 1) where held)
  group by 1, 2
  union all select identity_key, local_date, false, false, false from order_lines
  where line_kind <> 'adjustment' and local_date >= $before_start and local_date < $end
  union all select identity_key, local_date, false, false, true from group_messages
  where sender_kind = 'member' and local_date >= $before_start and local_date < $end),
acts as (
  select member_id, day, bool_or(v) as v, bool_or(c) as c, bool_or(i) as i
  from days join identity_map using (identity_key) where is_known group by 1, 2),
p(period, s, e) as (values ('now', $start, $end), ('before', $before_start, $before_end)),
sums as (
  select period, count(distinct member_id) as active, count(*) as active_days, count(distinct member_id) filter (v) as viewers,
    count(distinct member_id) filter (c) as carters, count(distinct member_id) filter (i) as interacting
  from acts, p where day >= s and day < e group by 1)
select period, unnest(['active', 'active_days', 'viewers', 'carters', 'interacting']) as name,
  unnest([active, active_days, viewers, carters, interacting]) as value from sums;

-- name: actions by day
with days as (
  select identity_key, local_date as day, bool_or(name in ('like', 'comment', 'share', 'reply')) as i
  from events where local_date >= $start and local_date < $end group by 1, 2
  union all select identity_key, local_date, false from order_lines
  where line_kind <> 'adjustment' and local_date >= $start and local_date < $end
  union all select identity_key, local_date, true from group_messages
  where sender_kind = 'member' and local_date >= $start and local_date < $end)
select day as on, count(distinct member_id), count(distinct member_id) filter (i)
from days join identity_map using (identity_key) where is_known group by 1 order by 1;

-- name: births
with firsts as (
  select identity_key, min(local_date) as day from events group by 1
  union all select identity_key, min(local_date) from order_lines where line_kind <> 'adjustment' group by 1
  union all select identity_key, min(local_date) from group_messages where sender_kind = 'member' group by 1
  union all select identity_key, min(local_date) from group_membership where change = 'join' group by 1
  union all select identity_key, cast(arg_max(joined_at, (batch_id, row_number)) + to_hours($zone_hours) as date) from member_profiles group by 1),
born as (
  select member_id, min(day) as day from (select distinct member_id, identity_key from identity_map where is_known)
  left join firsts using (identity_key) group by 1),
referred as (select distinct member_id from referrals join identity_map m on m.identity_key = referred_key where is_known),
p(period, s, e) as (values ('now', $start, $end), ('before', $before_start, $before_end)),
sums as (
  select period, count(*) filter (day is null or day < e) as members, count(*) filter (day is null or day < s) as members_before,
    count(*) filter (day >= s and day < e) as new, count(*) filter (day >= s and day < e and member_id in (from referred)) as referred
  from born, p group by 1)
select period, unnest(['members', 'members_before', 'new', 'referred']) as name,
  unnest([members, members_before, new, referred]) as value from sums;

-- name: touches
with p(period, s, e) as (values ('now', $start, $end), ('before', $before_start, $before_end))
select period, state as name, count(*) as value from touches, p
where local_date >= s and local_date < e and state in ('delivered', 'opened', 'replied') group by 1, 2;

-- name: offers
with p(period, s, e) as (values ('now', $start, $end), ('before', $before_start, $before_end))
select period, state as name, count(*) as value from offer_events, p
where local_date >= s and local_date < e and state in ('claimed', 'redeemed') group by 1, 2;

-- name: feedback
with p(period, s, e) as (values ('now', $start, $end), ('before', $before_start, $before_end)),
f as (select f.*, case when is_known then member_id end as who from feedback f left join identity_map using (identity_key)),
sums as (
  select period, sum(case when score >= 9 then 1 when score <= 6 then -1 else 0 end) filter (feedback_kind = 'nps') as nps_marks,
    count(score) filter (feedback_kind = 'nps') as nps_answers,
    sum(score) filter (feedback_kind = 'satisfaction') as satisfaction_sum,
    count(score) filter (feedback_kind = 'satisfaction') as satisfaction_answers,
    count(distinct who) filter (feedback_kind = 'complaint') as complaining
  from f, p where local_date >= s and local_date < e group by 1)
select period, unnest(['nps_marks', 'nps_answers', 'satisfaction_sum', 'satisfaction_answers', 'complaining']) as name,
  unnest([nps_marks, nps_answers, satisfaction_sum, satisfaction_answers, complaining]) as value from sums;

-- name: membership
with p(period, s, e) as (values ('now', $start, $end), ('before', $before_start, $before_end))
select period, 'leaving' as name, count(distinct member_id) as value
from group_membership join identity_map using (identity_key), p
where is_known and change = 'leave' and local_date >= s and local_date < e group by 1;

-- name: spend
with p(period, s, e) as (values ('now', $start, $end), ('before', $before_start, $before_end))
select period, 'spend' as name, sum(amount_minor) as value from channel_spend, p
where local_date >= s and local_date < e group by 1;
