-- When was this person absent from the room between two visits?
-- Topic: Presence
-- Overlapping sessions are one visit.
-- :room text      name of the room
-- :username text  the person
SELECT gone_seq, gone_at, back_seq, back_at
FROM (
    SELECT max(coalesce(left_seq, 9223372036854775807)) OVER before AS gone_seq,
           max(coalesce(left_at, '9999')) OVER before AS gone_at,
           joined_seq AS back_seq,
           joined_at AS back_at
    FROM audit_sessions
    WHERE room = :room AND username = :username
    WINDOW before AS (ORDER BY joined_seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) AS arrivals
WHERE gone_seq < back_seq
ORDER BY back_seq;
