//! Stage 6. Tell everyone who cares, once.
