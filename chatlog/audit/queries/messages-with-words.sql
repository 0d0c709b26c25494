-- Which messages in the room contain these words?
-- Topic: Messages
-- Reads every message of the room, a million in one to two seconds; words-between reads fewer.
-- Case-insensitive; on SQLite only for the letters A to Z.
-- :room text   name of the room
-- :words text  text to search for
SELECT seq, at, username, message
FROM audit_messages
WHERE room = :room AND lower(message) LIKE '%' || lower(:words) || '%'
ORDER BY seq;
