-- Who was removed from the room after this message, and had it on screen until then?
-- Topic: Rights
-- Sessions that had received the message, live or in a replay, and were ended by a kick, a ban or
-- the loss of a role. They had received everything from joined_seq to removed_seq.
-- :room text  name of the room
-- :seq seq    the message
SELECT r.subject, r.username, w.certainty, w.joined_seq, r.seq AS removed_seq, r.at, r."by", r.reason
FROM audit_witnesses AS w
JOIN audit_removals AS r ON r.room = w.room AND r.seq = w.left_seq
WHERE w.room = :room AND w.seq = :seq AND r.room = :room
ORDER BY r.seq;
