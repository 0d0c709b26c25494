-- Who was in the room at a given time?
-- Topic: Presence
-- A user is uncertain if they are present in the log, but all their sessions were last seen
-- before that time, because their server had died or been silent for two durations of its lease.
-- :room text  name of the room
-- :at time    the time, UTC
SELECT s.username,
       count(*) AS sessions,
       CASE
           WHEN max(
               CASE
                   WHEN s.left_seq IS NULL AND n.uncertain_after > s.certain_until
                   THEN n.uncertain_after
                   ELSE s.certain_until
               END
           ) >= :at
           THEN 'certain'
           ELSE 'uncertain'
       END AS certainty
FROM audit_sessions AS s
JOIN audit_nodes AS n ON n.node = s.node
WHERE s.room = :room
    AND s.joined_at <= :at
    AND (s.left_at IS NULL OR s.left_at > :at)
GROUP BY s.username
ORDER BY s.username;
