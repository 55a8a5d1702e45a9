"""What readers see, all of it a pure function of the records: tables, figures, terminal."""
