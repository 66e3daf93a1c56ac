"""The page of those who get no more messages: how many and why, the list, one of them, and stopping more."""
