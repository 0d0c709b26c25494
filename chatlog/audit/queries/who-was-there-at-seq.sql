-- Who was in the room at an event?
-- Topic: Presence
-- A user is present if one of their sessions had begun and not ended after that event.
-- :room text  name of the room
-- :seq seq    the event
SELECT DISTINCT username
FROM audit_sessions
WHERE room = :room
    AND joined_seq <= :seq
    AND (left_seq IS NULL OR left_seq > :seq)
ORDER BY username;
