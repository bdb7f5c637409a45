DROP TRIGGER category_policy ON category;
DROP FUNCTION keep_dedup_policy();
DROP TABLE dedup_policy;
