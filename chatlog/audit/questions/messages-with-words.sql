-- Which messages in the room hold these words?
-- Upper and lower case are one; on SQLite only for the letters A to Z.
-- :room text   name of the room
-- :words text  what to look for
SELECT seq, at, username, message
FROM audit_messages
WHERE room = :room AND lower(message) LIKE '%' || lower(:words) || '%'
ORDER BY seq;
