"""Data of your own: class-per-folder trees, tables of paths, vectors, texts; all read alike."""
