-- Everybody who has ever been in a room: a row a room and user. `last_seen` is how long they were
-- surely there, and `has_spoken` whether they have written in the room, present or not. A person
-- who came under several names is a user for each.
CREATE VIEW audit_visitors AS
SELECT r.room{by_code_point},
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       count(*) AS sessions,
       min(s.joined_at) AS first_joined,
       max(
           CASE
               WHEN s.left_seq IS NULL THEN {greatest}(n.seen_at, s.joined_at)
               ELSE coalesce(s.last_seen_at, s.left_at)
           END
       ) AS last_seen,
       (
           SELECT e.seq
           FROM events AS e
           WHERE e.room_id = r.id AND e.user_id = u.id AND e.type = 'chat'
           LIMIT 1
       ) IS NOT NULL AS has_spoken,
       {subject} AS subject
FROM sessions AS s
JOIN rooms AS r ON r.id = s.room_id
JOIN users AS u ON u.id = s.user_id
JOIN nodes AS n ON n.id = s.node_id
GROUP BY {room_key}, u.id
