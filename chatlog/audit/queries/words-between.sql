-- Which messages in the room between two times contain these words?
-- Topic: Messages
-- Reads the messages of that time. Case-insensitive; on SQLite only for the letters A to Z.
-- :room text   name of the room
-- :words text  text to search for
-- :from time   start, UTC
-- :to end      end (exclusive), UTC
SELECT seq, at, username, message
FROM audit_messages
WHERE room = :room AND at >= :from AND at < :to AND lower(message) LIKE '%' || lower(:words) || '%'
ORDER BY seq;
