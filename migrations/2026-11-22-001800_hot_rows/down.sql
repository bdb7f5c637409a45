ALTER TABLE public_id ADD CONSTRAINT public_id_jurisdiction_id_fkey FOREIGN KEY (jurisdiction_id) REFERENCES jurisdiction (id);
ALTER TABLE job ADD CONSTRAINT job_jurisdiction_id_fkey FOREIGN KEY (jurisdiction_id) REFERENCES jurisdiction (id);
