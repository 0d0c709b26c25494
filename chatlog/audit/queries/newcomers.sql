-- Who joined the room for the first time between two times?
-- Topic: Presence
-- :room text  name of the room
-- :from time  start, UTC
-- :to end     end (exclusive), UTC
SELECT username, min(joined_at) AS first_joined, min(joined_seq) AS joined_seq
FROM audit_sessions
WHERE room = :room
GROUP BY username
HAVING min(joined_at) >= :from AND min(joined_at) < :to
ORDER BY joined_seq;
