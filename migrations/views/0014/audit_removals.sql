-- Every session that was ended because its user was kicked, was banned or lost their role. `by` is
-- who did it: NULL if nobody did, but a role ran out or an import tells of a kick. `reason` is NULL
-- where none was given and '' once erased.
CREATE VIEW audit_removals AS
SELECT r.room{by_code_point},
       e.seq,
       e.at,
       {subject} AS subject,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       e.session,
       CASE
           WHEN e."of" IS NOT NULL
           THEN coalesce((SELECT b.username FROM users AS b WHERE b.uuid = e."of"), '(erased)')
       END{by_code_point} AS "by",
       CASE WHEN e.text_commitment IS NOT NULL THEN coalesce(e.text, '') END AS reason
FROM events AS e
JOIN rooms AS r ON r.id = e.room_id
JOIN users AS u ON u.id = e.user_id
WHERE e.type = 'leave' AND e.cause = 'kicked'
