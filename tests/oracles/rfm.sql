-- Eight classes and four tiers of all buyers at the end of a day, by fixed limits, written by hand.
-- $lines, $map: Parquet files; $day: business day. Amounts in the smallest unit.
WITH people AS (
    SELECT identity_key, member_id FROM read_parquet($map, union_by_name = true) WHERE is_known
),
orders AS (
    SELECT max(p.member_id) AS member_id, min(l.local_date) AS local_date, sum(l.amount_minor) AS gross
    FROM read_parquet($lines, hive_partitioning = true, union_by_name = true) l LEFT JOIN people p USING (identity_key)
    WHERE l.line_kind = 'sale'
    GROUP BY l.source, l.order_no
    HAVING sum(l.amount_minor) > 0
),
refunds AS (
    SELECT p.member_id, sum(l.amount_minor) AS amount
    FROM read_parquet($lines, hive_partitioning = true, union_by_name = true) l JOIN people p USING (identity_key)
    WHERE l.line_kind = 'refund' AND l.local_date <= $day
    GROUP BY p.member_id
),
buyers AS (
    SELECT o.member_id, $day::DATE - max(o.local_date) AS days, count(*) AS orders, sum(o.gross) AS gross
    FROM orders o
    WHERE o.member_id IS NOT NULL AND o.local_date <= $day
    GROUP BY o.member_id
),
stood AS (
    SELECT b.days, b.orders, b.gross + coalesce(r.amount, 0) AS net FROM buyers b LEFT JOIN refunds r USING (member_id)
),
placed AS (
    SELECT
        net,
        CASE WHEN net >= 100000 THEN 'high' ELSE 'low' END || CASE
            WHEN days <= 30 AND orders >= 2 THEN '_value' WHEN days <= 30 THEN '_develop' WHEN orders >= 2 THEN '_keep' ELSE '_retain'
        END AS class,
        CASE
            WHEN days > 90 THEN 'lost'
            WHEN days <= 7 AND orders >= 5 AND net >= 500000 THEN 'high_value'
            WHEN days <= 30 AND orders >= 2 AND net >= 100000 THEN 'potential'
            ELSE 'active'
        END AS tier
    FROM stood
)
SELECT class, tier, count(*) AS members, sum(net)::BIGINT AS net_minor FROM placed GROUP BY ALL ORDER BY ALL
