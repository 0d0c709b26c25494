-- What was said that somebody has not been shown?
-- Messages that none of their sessions had open, nor was replayed on joining.
-- :room text      name of the room
-- :username text  who may have missed something
-- :from time      from when on, UTC
-- :to end        until when, UTC; this moment no more
SELECT seq, at, username, message
FROM audit_messages AS said
WHERE room = :room
    AND at >= :from
    AND at < :to
    AND NOT EXISTS (
        SELECT 1
        FROM audit_witnesses AS witness
        WHERE witness.room = said.room
            AND witness.seq = said.seq
            AND witness.room = :room
            AND witness.username = :username
    )
ORDER BY seq;
