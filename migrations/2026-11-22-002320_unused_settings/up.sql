-- Nothing ever wrote or read it: what a town decides about itself stands in columns of its own and in its categories.
ALTER TABLE jurisdiction DROP COLUMN settings;
