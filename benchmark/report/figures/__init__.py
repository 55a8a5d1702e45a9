"""The figures: one theme, one file per kind of figure, each with the data it shows as CSV."""
