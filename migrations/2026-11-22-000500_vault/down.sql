DROP FUNCTION vault.put(uuid, text, bytea, text[], bytea[], bytea[]);
DROP TABLE vault.access_event;
DROP TABLE vault.contact;
DROP TABLE vault.person_key;
DROP SCHEMA vault;
DROP TABLE subject;
