//! Stage 2. Evidence: upload, sniff, decode in a limited process, derive, sign links, release.
