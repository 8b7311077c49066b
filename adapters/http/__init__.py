"""The HTTP inbound adapter: the service on loopback, its JSON routes, and the page a person uses."""
