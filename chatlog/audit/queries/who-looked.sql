-- Who looked at the room by a scope of their token between two times, and at what?
-- Topic: Rights
-- Only what a scope allows and a role does not is on record, and time travel, sessions, witnesses,
-- verifications and proofs. What was read in the shell or by SQL is not.
-- :room text  name of the room
-- :from time  start, UTC
-- :to end     end (exclusive), UTC
SELECT at, subject, username, what, seq
FROM audit_looks
WHERE room = :room AND at >= :from AND at < :to
ORDER BY at, subject, what;
