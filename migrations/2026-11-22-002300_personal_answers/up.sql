-- Answers that a category marks as personal, a number plate for one, go where all personal data of reporters live. Reports
-- that came before keep theirs where they are.
ALTER TABLE vault.contact DROP CONSTRAINT contact_field_check;
ALTER TABLE vault.contact ADD CONSTRAINT contact_field_check CHECK (field IN ('email', 'phone', 'name', 'postal_address', 'answers'));
COMMENT ON COLUMN vault.contact.field IS 'What it is; name and address only for who chose call or letter; answers: the personal ones to the category''s questions, as JSON.';
