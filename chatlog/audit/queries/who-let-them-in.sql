-- Who let this person into the room, and when?
-- Topic: Rights
-- Every member event that gave a role to read; (token) means that a token granted it. In an open
-- room nobody has to be let in.
-- :room text     name of the room
-- :subject text  the person's subject
SELECT seq, at, role, until, "by", reason
FROM audit_members
WHERE room = :room AND subject = :subject AND role NOT IN ('none', 'banned')
ORDER BY seq;
