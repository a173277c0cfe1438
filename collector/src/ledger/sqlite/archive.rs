//! Chunks and roll-ups of the file, and the blobs that wait to become chunks.
