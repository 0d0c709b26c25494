-- How long did each room's first message wait for an answer?
-- Topic: Messages
-- The answer is the next message by another name; two erased people have one name.
-- It lists the rooms whose first message falls between two times.
-- :from time  start, UTC
-- :to end     end (exclusive), UTC
WITH theirs AS (
    SELECT first.room,
           first.at AS asked_at,
           first.username AS asked_by,
           answer.at AS answered_at,
           answer.username AS answered_by
    FROM audit_messages AS first
    LEFT JOIN audit_messages AS answer
        ON answer.room = first.room
        AND answer.seq = (
            SELECT min(later.seq)
            FROM audit_messages AS later
            WHERE later.room = first.room
                AND later.seq > first.seq
                AND later.username <> first.username
        )
    WHERE first.at >= :from
        AND first.at < :to
        AND NOT EXISTS (
            SELECT 1
            FROM audit_messages AS earlier
            WHERE earlier.room = first.room AND earlier.seq < first.seq
        )
),
theirs_numbers AS (
    SELECT room,
           sign,
           CAST(substr(at, 1, 4) AS BIGINT) AS y,
           (CAST(substr(at, 6, 2) AS BIGINT) - 14) / 12 AS m,
           CAST(substr(at, 6, 2) AS BIGINT) AS month,
           CAST(substr(at, 9, 2) AS BIGINT) AS d,
           CAST(substr(at, 12, 2) AS BIGINT) * 3600 + CAST(substr(at, 15, 2) AS BIGINT) * 60
               + CAST(substr(at, 18, 2) AS BIGINT) AS seconds,
           CAST(substr(at, 21, 6) AS BIGINT) AS microseconds
    FROM (
        SELECT room, asked_at AS at, -1 AS sign FROM theirs WHERE answered_at IS NOT NULL
        UNION ALL
        SELECT room, answered_at, 1 FROM theirs WHERE answered_at IS NOT NULL
    ) AS moments
),
theirs_waits AS (
    SELECT room,
           sum(sign * ((((1461 * (y + 4800 + m)) / 4 + (367 * (month - 2 - 12 * m)) / 12
               - (3 * ((y + 4900 + m) / 100)) / 4 + d) * 86400 + seconds) * 1000000
               + microseconds)) AS wait
    FROM theirs_numbers
    GROUP BY room
)
SELECT t.room,
       t.asked_at,
       t.asked_by,
       t.answered_at,
       t.answered_by,
       CAST(w.wait AS DOUBLE PRECISION) / 1000000.0 AS seconds
FROM theirs AS t
LEFT JOIN theirs_waits AS w ON w.room = t.room
ORDER BY t.asked_at, t.room;
