"""Every operation on the file system: one small port, and what each platform does its own way."""
