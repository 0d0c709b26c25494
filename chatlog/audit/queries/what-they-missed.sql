-- Which messages has this person not received?
-- Topic: Messages
-- Messages that none of their sessions received, neither live nor in a replay.
-- :room text      name of the room
-- :username text  the person
-- :from time      start, UTC
-- :to end        end (exclusive), UTC
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
