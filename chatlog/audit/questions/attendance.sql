-- How long has everybody been in the room?
-- All sessions added up: two at a time count twice.
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
