-- What was erased, by whom and why. An event that two erasures name (first its text, then its
-- author's name) has a row for each.
CREATE VIEW audit_erasures AS
SELECT x.at,
       r.room COLLATE "C" AS room,
       e.seq,
       coalesce(u.username, '(erased)') COLLATE "C" AS username,
       coalesce(b.username, '(erased)') COLLATE "C" AS "by",
       coalesce(x.text, '') AS reason
FROM events AS x
CROSS JOIN unnest(string_to_array(x.of, ',')::bigint[]) AS seqs (seq)
JOIN events AS e ON e.room_id = x.room_id AND e.seq = seqs.seq
JOIN rooms AS r ON r.id = x.room_id
JOIN users AS u ON u.id = e.user_id
JOIN users AS b ON b.id = x.user_id
WHERE x.type = 'erasure'
