"""The commands on a user's quota and images, and on the events themselves."""
