"""Text messages to mobile phones, by the two providers that houses here use. Neither can tell a message that it has already had."""
