-- Who is in a room now, and since when: since the last join that found no session of theirs
-- open, even if that session has ended while another stayed.
{create_view} audit_presence AS
SELECT r.room{by_code_point},
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       p.sessions,
       arrival.seq AS since_seq,
       arrival.at AS since,
       {subject} AS subject
FROM (
    SELECT room_id, user_id, count(*) AS sessions
    FROM sessions{by_open}
    WHERE left_seq IS NULL
    GROUP BY room_id, user_id
) AS p
JOIN rooms AS r ON r.id = p.room_id
JOIN users AS u ON u.id = p.user_id
JOIN events AS arrival ON arrival.room_id = p.room_id AND arrival.seq = (
    SELECT max(seq)
    FROM events
    WHERE room_id = p.room_id AND user_id = p.user_id AND type = 'join' AND sessions = 1
)
