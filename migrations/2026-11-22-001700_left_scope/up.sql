-- Whoever had an alert hears that it is somebody else's now.

ALTER TABLE change ADD COLUMN left_service uuid;
ALTER TABLE change ADD COLUMN left_sector uuid;
ALTER TABLE change ADD COLUMN left_crew uuid;
COMMENT ON COLUMN change.left_service IS 'Of an alert that went to another service, sector or crew: the service that it was with.';
COMMENT ON COLUMN change.left_sector IS 'The sector that it was in.';
COMMENT ON COLUMN change.left_crew IS 'The crew that had it.';

CREATE FUNCTION note_left_scope() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.change (jurisdiction_id, entity, entity_id, left_service, left_sector, left_crew)
    VALUES (OLD.jurisdiction_id, 'alert', OLD.id, OLD.service_id, OLD.sector_id, OLD.crew_id);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION note_left_scope IS 'Notes whose an alert was, so that they can be told.';
CREATE TRIGGER alert_left_scope AFTER UPDATE OF service_id, sector_id, crew_id ON alert FOR EACH ROW
    WHEN ((OLD.service_id, OLD.sector_id, OLD.crew_id) IS DISTINCT FROM (NEW.service_id, NEW.sector_id, NEW.crew_id))
    EXECUTE FUNCTION note_left_scope();
