"""Which headers the kinds of credentials bring."""
