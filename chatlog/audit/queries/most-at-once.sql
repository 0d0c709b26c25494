-- When were the most sessions open in the room, and how many?
-- Topic: Presence
-- :room text  name of the room
SELECT seq, at, open
FROM (
    SELECT seq, at, sum(change) OVER (ORDER BY seq) AS open
    FROM (
        SELECT joined_seq AS seq, joined_at AS at, 1 AS change
        FROM audit_sessions
        WHERE room = :room
        UNION ALL
        SELECT left_seq, left_at, -1
        FROM audit_sessions
        WHERE room = :room AND left_seq IS NOT NULL
    ) AS changes
) AS counted
ORDER BY open DESC, seq
LIMIT 1;
