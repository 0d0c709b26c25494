-- Who was in the room at a given time?
-- A user is uncertain if they are present in the log, but all their sessions were last seen
-- before that time, because their server had died.
-- :room text  name of the room
-- :at time    the time, UTC
SELECT username,
       count(*) AS sessions,
       CASE WHEN max(certain_until) >= :at THEN 'certain' ELSE 'uncertain' END AS certainty
FROM audit_sessions
WHERE room = :room
    AND joined_at <= :at
    AND (left_at IS NULL OR left_at > :at)
GROUP BY username
ORDER BY username;
