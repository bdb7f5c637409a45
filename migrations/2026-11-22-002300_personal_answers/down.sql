-- What was sealed as a field that is not known any more cannot stay. Row level security holds the owner too, but for this.
ALTER TABLE vault.contact NO FORCE ROW LEVEL SECURITY;
DELETE FROM vault.contact WHERE field = 'answers';
ALTER TABLE vault.contact FORCE ROW LEVEL SECURITY;
ALTER TABLE vault.contact DROP CONSTRAINT contact_field_check;
ALTER TABLE vault.contact ADD CONSTRAINT contact_field_check CHECK (field IN ('email', 'phone', 'name', 'postal_address'));
COMMENT ON COLUMN vault.contact.field IS 'What it is; name and address only for who chose call or letter.';
