"""What is promised over HTTP, written down once: the routes, what they take and answer, and their document."""
