-- Events for the benchmark, the same at every run: a few members do much, times spread evenly over a year, and every
-- kind of event has its share. Random numbers are hashes of the row number, in parts of a million.
copy (
    with drawn as (
        select
            i as row_number,
            cast(floor({members} * power(hash(i) % 1000000 / 1e6, 1.5)) as bigint) as member_id,
            hash(i + 1000000000) % 1000000 / 1e6 as when_drawn,
            hash(i + 2000000000) % 1000000 / 1e6 as what_drawn,
            hash(i + 3000000000) % 10 as channel_drawn
        from range({events}) as numbers (i)
    ),
    dated as (
        select *, make_timestamptz(cast(1735689600 + floor(when_drawn * 365 * 86400) as bigint) * 1000000) as occurred_at
        from drawn
    )
    select
        cast(hash(member_id) >> 1 as bigint) as identity_key,
        occurred_at,
        case
            when what_drawn < 0.22 then 'product_view'
            when what_drawn < 0.31 then 'add_to_cart'
            when what_drawn < 0.36 then 'checkout'
            when what_drawn < 0.39 then 'payment'
            when what_drawn < 0.41 then 'purchase'
            else 'other_event_' || cast(floor((what_drawn - 0.41) / 0.59 * 7) as int)
        end as name,
        'channel_' || channel_drawn as channel,
        row_number,
        strftime(occurred_at, '%Y-%m') as month
    from dated
    order by month, row_number
) to '{folder}/events' (format parquet, partition_by (month), compression zstd, row_group_size 131072)
