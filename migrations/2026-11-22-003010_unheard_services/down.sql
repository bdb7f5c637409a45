ALTER TABLE service DROP CONSTRAINT service_unheard_check;
