"""One classifier of all training classes, and the heads that answer with its embeddings."""
