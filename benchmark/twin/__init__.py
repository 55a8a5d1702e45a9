"""A trained twin at work: two images compared, a folder searched, the network exported."""
