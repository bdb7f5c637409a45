ALTER TABLE photo DROP COLUMN action_id;
