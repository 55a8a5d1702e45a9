"""What models are made of and how the harness sees them: distances, and parts by name."""
