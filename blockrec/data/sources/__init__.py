"""Files of users: where they are and what they hold."""
