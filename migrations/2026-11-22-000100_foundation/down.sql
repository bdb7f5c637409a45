DROP FUNCTION bump_catalogue_version();
DROP TABLE catalogue_version;
DROP FUNCTION refuse_change();
DROP FUNCTION current_jurisdiction();
