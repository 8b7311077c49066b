"""What `abby doctor` looks at, by subject; each check gives findings and changes nothing that lasts."""
