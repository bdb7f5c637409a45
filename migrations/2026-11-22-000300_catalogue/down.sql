DROP TABLE routing_rule;
DROP TABLE category_gate;
DROP TABLE category;
DROP TABLE crew;
ALTER TABLE jurisdiction DROP CONSTRAINT jurisdiction_id_default_service_id_fkey;
DROP TABLE service;
