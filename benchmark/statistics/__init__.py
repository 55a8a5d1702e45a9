"""Arrays in, frozen dataclasses out: no files, no data frames, no models."""
