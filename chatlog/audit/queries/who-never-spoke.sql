-- Who has been in the room without writing a message?
-- Topic: Activity
-- :room text  name of the room
SELECT username, count(*) AS sessions, max(certain_until) AS last_seen
FROM audit_sessions
WHERE room = :room
    AND username NOT IN (SELECT username FROM audit_messages WHERE room = :room)
GROUP BY username
ORDER BY username;
