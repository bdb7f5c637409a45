-- Every submit inserts into these two, and a reference to the town locks the town's one row for as long as the transaction
-- lasts: submits of one town at once share that lock by a multixact each. A town is never removed, and the row level
-- security of every other table of the transaction holds the number.
ALTER TABLE public_id DROP CONSTRAINT public_id_jurisdiction_id_fkey;
ALTER TABLE job DROP CONSTRAINT job_jurisdiction_id_fkey;
