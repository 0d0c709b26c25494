-- Who has been in the room without writing a message?
-- Topic: Activity
-- A row a person: several may be called (erased).
-- :room text  name of the room
SELECT username, sessions, last_seen
FROM audit_visitors
WHERE room = :room AND NOT has_spoken
ORDER BY username, last_seen;
