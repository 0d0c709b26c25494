-- Who was in the room at 14:03?
-- Uncertain is who is present in the log, but was surely there only until an earlier time,
-- since the server that served them had died.
-- :room text  name of the room
-- :at time    the moment, UTC
SELECT username,
       count(*) AS sessions,
       CASE WHEN max(certain_until) >= :at THEN 'certain' ELSE 'uncertain' END AS certainty
FROM audit_sessions
WHERE room = :room
    AND joined_at <= :at
    AND (left_at IS NULL OR left_at > :at)
GROUP BY username
ORDER BY username;
