-- When was this person in which room?
-- Topic: Presence
-- :username text  the person
SELECT room, joined_at, left_at, seconds, cause, certain_until, session
FROM audit_sessions
WHERE username = :username
ORDER BY joined_at, room, joined_seq;
