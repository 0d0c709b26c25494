-- How much time has each person spent in the room?
-- Topic: Presence
-- Adds up all sessions: two simultaneous sessions count twice.
-- :room text  name of the room
SELECT username,
       count(*) AS sessions,
       sum(seconds) AS seconds,
       min(joined_at) AS first_joined,
       max(certain_until) AS last_seen
FROM audit_sessions
WHERE room = :room
GROUP BY username
ORDER BY seconds DESC, username;
