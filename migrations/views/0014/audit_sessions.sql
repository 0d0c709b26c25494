-- Every stay of a connection in a room. `certain_until` is how long it was surely there, and
-- `seconds` counts to that: a server that died on Friday and came back on Monday has not had
-- visitors over the week-end.
{create_view} audit_sessions AS
SELECT session,
       room,
       username,
       node,
       joined_seq,
       joined_at,
       left_seq,
       left_at,
       {seconds_from_joined_at_to_certain_until} AS seconds,
       cause,
       certain_until,
       subject
FROM (
    SELECT s.session,
           r.room{by_code_point},
           coalesce(u.username, '(erased)'){by_code_point} AS username,
           n.node,
           s.joined_seq,
           s.joined_at,
           s.left_seq,
           s.left_at,
           s.cause,
           CASE
               WHEN s.left_seq IS NULL THEN {greatest}(n.seen_at, s.joined_at)
               ELSE coalesce(s.last_seen_at, s.left_at)
           END AS certain_until,
           {subject} AS subject
    FROM sessions AS s
    JOIN rooms AS r ON r.id = s.room_id
    JOIN users AS u ON u.id = s.user_id
    JOIN nodes AS n ON n.id = s.node_id
){stays}
