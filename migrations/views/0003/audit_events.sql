-- Every event in its place. `message` is NULL where nobody wrote one and '' once erased.
CREATE VIEW audit_events AS
SELECT e.position,
       r.room{by_code_point},
       e.seq,
       e.at,
       e.type,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       e.session,
       e.client_id AS id,
       CASE e.type WHEN 'chat' THEN coalesce(e.text, '') END AS message,
       e.cause,
       u.username IS NULL OR (e.text IS NULL AND e.text_commitment IS NOT NULL) AS erased
FROM events AS e
JOIN rooms AS r ON r.id = e.room_id
JOIN users AS u ON u.id = e.user_id
