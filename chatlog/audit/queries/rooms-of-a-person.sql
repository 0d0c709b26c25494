-- Which rooms does this person visit, and for how long?
-- Topic: Presence
-- :username text  the person
SELECT room,
       count(*) AS sessions,
       sum(seconds) AS seconds,
       min(joined_at) AS first_joined,
       max(certain_until) AS last_seen
FROM audit_sessions
WHERE username = :username
GROUP BY room
ORDER BY seconds DESC, room;
