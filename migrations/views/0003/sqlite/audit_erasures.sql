-- What was erased, by whom and why. An event that two erasures name (first its text, then its
-- author's name) has a row for each.
-- CROSS JOIN is how SQLite is told the order: erasures, their seqs, the events of these.
CREATE VIEW audit_erasures AS
SELECT x.at,
       r.room,
       e.seq,
       coalesce(u.username, '(erased)') AS username,
       coalesce(b.username, '(erased)') AS "by",
       coalesce(x.text, '') AS reason
FROM events AS x
CROSS JOIN json_each('[' || x."of" || ']') AS seqs
CROSS JOIN events AS e ON e.room_id = x.room_id AND e.seq = seqs.value
JOIN rooms AS r ON r.id = x.room_id
JOIN users AS u ON u.id = e.user_id
JOIN users AS b ON b.id = x.user_id
WHERE x.type = 'erasure'
