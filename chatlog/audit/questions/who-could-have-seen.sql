-- Who could have seen this message?
-- Open: was there. Uncertain: was there in the log, but their server had died. Replayed: was
-- shown it on joining later. Whoever was in the room after it may also have paged back to it.
-- :room text  name of the room
-- :seq seq    the message
SELECT username, certainty, session, joined_seq, left_seq
FROM audit_witnesses
WHERE room = :room AND seq = :seq
ORDER BY joined_seq;
