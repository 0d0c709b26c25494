-- What did this person say in a week, in which room?
-- Topic: Messages
-- Give its first and its last day; any other range will do.
-- :username text  the person
-- :from time      start, such as the Monday 2026-11-16
-- :to end         end (exclusive), as the Sunday 2026-11-22, which is included
SELECT at, room, seq, message, erased
FROM audit_messages
WHERE username = :username AND at >= :from AND at < :to
ORDER BY at, room, seq;
