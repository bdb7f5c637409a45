-- A photo proves the work of the action that names it: what a note shows is no proof of a repair, what proved the first
-- repair is none of the second. An action is a status_event or what a tablet sent, so that there is no reference.
ALTER TABLE photo ADD COLUMN action_id uuid;
COMMENT ON COLUMN photo.action_id IS 'Action that named it first: it proves that one''s work, and no other''s.';
