-- What people looked at because a scope of their token allows it; `room` is NULL for the list of
-- rooms, and `seq` where the question has none. What is read in the shell or by SQL is not here.
-- Two parts, as SQLite never begins an outer join with the person who looked.
CREATE VIEW audit_looks AS
SELECT l.at,
       {subject} AS subject,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       l.what{by_code_point},
       r.room{by_code_point},
       l.seq
FROM looks AS l
JOIN users AS u ON u.id = l.user_id
JOIN rooms AS r ON r.id = l.room_id
UNION ALL
SELECT l.at,
       {subject} AS subject,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       l.what{by_code_point},
       NULL AS room,
       l.seq
FROM looks AS l
JOIN users AS u ON u.id = l.user_id
WHERE l.room_id IS NULL
