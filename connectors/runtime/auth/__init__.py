"""Where credentials stand in a request, by kind."""
