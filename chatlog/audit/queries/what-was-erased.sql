-- What was erased in the room, by whom, when and why?
-- Topic: Erasing
-- :room text  name of the room
SELECT seq, username, at, "by", reason
FROM audit_erasures
WHERE room = :room
ORDER BY at, seq;
