-- Who set for how long the room keeps its texts, and when?
-- Rules of before chatlog kept this record are not in it. Without days, a rule was ended.
-- :room text  name of the room
SELECT at, days, names, "by"
FROM audit_retention
WHERE room = :room
ORDER BY at;
