"""From a model and a task to a record: embed once, score by index arithmetic, write integers."""
