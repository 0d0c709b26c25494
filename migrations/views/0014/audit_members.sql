-- Every member event: from `seq` on the person `subject` had the role `role`; with `until`, to that
-- time, from which on the role before it counts again. `username` is that person's name then, and
-- `by` is who gave the role: `(token)` if a token granted it. `reason` is NULL where none was given
-- and '' once erased.
CREATE VIEW audit_members AS
SELECT r.room{by_code_point},
       e.seq,
       e.at,
       {subject} AS subject,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       {details_role}{by_code_point} AS role,
       {details_until}{by_code_point} AS until,
       coalesce(b.username, '(erased)'){by_code_point} AS "by",
       CASE WHEN e.text_commitment IS NOT NULL THEN coalesce(e.text, '') END AS reason
FROM events AS e
JOIN rooms AS r ON r.id = e.room_id
JOIN users AS u ON u.uuid = e."of"
JOIN users AS b ON b.id = e.user_id
WHERE e.type = 'member'
