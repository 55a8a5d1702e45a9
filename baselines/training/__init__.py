"""One training loop for every model that trains, with its augmentation and checkpoints."""
