-- Who could have seen this message?
-- Open: present. Uncertain: present in the log, but their server had died. Replayed: received
-- it on joining later. Anybody who was in the room afterwards may also have paged back to it.
-- :room text  name of the room
-- :seq seq    the message
SELECT username, certainty, session, joined_seq, left_seq
FROM audit_witnesses
WHERE room = :room AND seq = :seq
ORDER BY joined_seq;
