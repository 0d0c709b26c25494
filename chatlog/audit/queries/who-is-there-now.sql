-- Who is in the room now, and since when?
-- Topic: Presence
-- :room text  name of the room
SELECT username, sessions, since, since_seq
FROM audit_presence
WHERE room = :room
ORDER BY since_seq;
