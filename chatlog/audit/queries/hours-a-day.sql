-- How many hours was each person in any room, each day?
-- Topic: Presence
-- Simultaneous sessions, in one room or several, count once.
-- Durations are in whole microseconds, from the day numbers of Fliegel and Van Flandern.
-- In SQL, `days` is 64 characters for each day: its date, its first moment and the next day's.
-- :days days  days such as 2026-11-01..2026-11-30, both inclusive
WITH RECURSIVE theirs_days (number, day, begins, ends) AS (
    SELECT 1, substr(:days, 1, 10), substr(:days, 11, 27), substr(:days, 38, 27)
    UNION ALL
    SELECT number + 1,
           substr(:days, number * 64 + 1, 10),
           substr(:days, number * 64 + 11, 27),
           substr(:days, number * 64 + 38, 27)
    FROM theirs_days
    WHERE number * 64 < length(:days)
),
theirs AS (
    SELECT d.day,
           s.username,
           CASE WHEN s.joined_at > d.begins THEN s.joined_at ELSE d.begins END AS begun,
           CASE WHEN s.certain_until < d.ends THEN s.certain_until ELSE d.ends END AS ended
    FROM theirs_days AS d
    JOIN audit_sessions AS s ON s.joined_at < d.ends AND s.certain_until > d.begins
),
theirs_numbers AS (
    SELECT day,
           username,
           change,
           CAST(substr(at, 1, 4) AS BIGINT) AS y,
           (CAST(substr(at, 6, 2) AS BIGINT) - 14) / 12 AS m,
           CAST(substr(at, 6, 2) AS BIGINT) AS month,
           CAST(substr(at, 9, 2) AS BIGINT) AS d,
           CAST(substr(at, 12, 2) AS BIGINT) * 3600 + CAST(substr(at, 15, 2) AS BIGINT) * 60
               + CAST(substr(at, 18, 2) AS BIGINT) AS seconds,
           CAST(substr(at, 21, 6) AS BIGINT) AS microseconds
    FROM (
        SELECT day, username, begun AS at, 1 AS change FROM theirs
        UNION ALL
        SELECT day, username, ended, -1 FROM theirs
    ) AS changes
),
theirs_moments AS (
    SELECT day,
           username,
           change,
           (((1461 * (y + 4800 + m)) / 4 + (367 * (month - 2 - 12 * m)) / 12
               - (3 * ((y + 4900 + m) / 100)) / 4 + d) * 86400 + seconds) * 1000000
               + microseconds AS moment
    FROM theirs_numbers
),
theirs_spans AS (
    SELECT day,
           username,
           sum(change) OVER their_day AS open,
           lead(moment) OVER their_day - moment AS span
    FROM theirs_moments
    WINDOW their_day AS (PARTITION BY day, username ORDER BY moment)
)
SELECT day,
       username,
       CAST(sum(CASE WHEN open > 0 THEN span ELSE 0 END) AS DOUBLE PRECISION) / 3600000000.0
           AS hours
FROM theirs_spans
GROUP BY day, username
ORDER BY day, username;
