-- Figures of group chats of a period, by hand over the lake's own rows: who spoke, who was in, what was asked.
-- $start, $end: the period; $before: start of the one before. Views: group_messages, group_membership, groups, members.

-- name: speakers
WITH said AS (
    SELECT m.group_id, p.member_id, m.local_date
    FROM group_messages m JOIN members p USING (identity_key)
    WHERE m.sender_kind = 'member'
      AND coalesce(m.message_kind, 'text') NOT IN ('system', 'rename', 'notice')
      AND NOT (coalesce(m.message_kind, 'text') = 'text' AND coalesce(m.is_heard, false))
      AND m.local_date < $end
), people AS (
    SELECT group_id, member_id,
           count(*) FILTER (local_date >= $start) AS said,
           count(*) FILTER (local_date >= $before AND local_date < $start) AS said_before,
           min(local_date) AS first_on
    FROM said GROUP BY ALL
)
SELECT g.group_id AS key,
       coalesce(sum(said), 0)::BIGINT AS said,
       count(*) FILTER (said > 0) AS speakers,
       count(*) FILTER (said > 0 AND first_on >= $start) AS new_speakers,
       count(*) FILTER (said > 0 AND first_on < $start AND said_before = 0) AS reactivated_speakers,
       count(*) FILTER (said_before > 0 AND said = 0) AS lost_speakers
FROM groups g LEFT JOIN people USING (group_id) GROUP BY 1 ORDER BY 1;

-- name: days
SELECT group_id AS key, count(*) AS speaker_days FROM (
    SELECT DISTINCT m.group_id, p.member_id, m.local_date
    FROM group_messages m JOIN members p USING (identity_key)
    WHERE m.sender_kind = 'member'
      AND coalesce(m.message_kind, 'text') NOT IN ('system', 'rename', 'notice')
      AND NOT (coalesce(m.message_kind, 'text') = 'text' AND coalesce(m.is_heard, false))
      AND m.local_date >= $start AND m.local_date < $end
) GROUP BY 1 ORDER BY 1;

-- name: members
WITH changes AS (
    SELECT c.group_id, p.member_id, c.local_date, c.change = 'join' AS is_in,
           lag(c.change = 'join') OVER own AS was_in,
           lead(c.local_date) OVER own AS next_on
    FROM group_membership c JOIN members p USING (identity_key)
    WINDOW own AS (PARTITION BY c.group_id, p.member_id ORDER BY c.occurred_at, c.batch_id, c.row_number)
), told AS (
    SELECT *, was_in IS NULL AS is_first, coalesce(was_in, NOT is_in) AS before FROM changes
)
SELECT group_id AS key,
       count(*) FILTER ((local_date < $end AND coalesce(next_on >= $end, true) AND is_in)
                        OR (is_first AND local_date >= $end AND before)) AS members,
       count(*) FILTER ((local_date < $start AND coalesce(next_on >= $start, true) AND is_in)
                        OR (is_first AND local_date >= $start AND before)) AS members_before,
       count(*) FILTER (is_in AND NOT before AND local_date >= $start AND local_date < $end) AS joined,
       count(*) FILTER (NOT is_in AND before AND local_date >= $start AND local_date < $end) AS "left"
FROM told GROUP BY 1 ORDER BY 1;

-- name: questions
SELECT q.group_id AS key, count(*) AS questions_asked FROM group_messages q
WHERE q.is_question AND q.sender_kind = 'member'
  AND coalesce(q.message_kind, 'text') NOT IN ('system', 'rename', 'notice')
  AND q.local_date >= $start AND q.local_date < $end
GROUP BY 1 ORDER BY 1;

-- name: answers
WITH asked AS (
    SELECT group_id, identity_key, message_id, occurred_at, batch_id, row_number FROM group_messages
    WHERE is_question AND sender_kind = 'member'
      AND coalesce(message_kind, 'text') NOT IN ('system', 'rename', 'notice')
      AND local_date >= $start AND local_date < $end
), direct AS (
    SELECT a.batch_id, a.row_number, min(r.occurred_at) AS at
    FROM asked a JOIN group_messages r ON r.reply_to = a.message_id AND r.group_id = a.group_id
    WHERE r.sender_kind <> 'bot' AND r.occurred_at >= a.occurred_at
      AND (r.sender_kind = 'staff' OR r.identity_key IS DISTINCT FROM a.identity_key)
    GROUP BY 1, 2
), plain AS (
    SELECT group_id, occurred_at AS staff_at FROM group_messages
    WHERE sender_kind = 'staff' AND reply_to IS NULL AND content_id IS NULL AND local_date >= $start
), near AS (
    SELECT a.batch_id, a.row_number, p.staff_at AS at
    FROM asked a ASOF JOIN plain p ON p.group_id = a.group_id AND p.staff_at >= a.occurred_at
    WHERE p.staff_at <= a.occurred_at + INTERVAL 2 HOURS
)
SELECT a.group_id AS key, count(coalesce(d.at, n.at)) AS answered
FROM asked a LEFT JOIN direct d USING (batch_id, row_number) LEFT JOIN near n USING (batch_id, row_number)
GROUP BY 1 ORDER BY 1;
