"""Methods that train on episodes, one paper a file."""
