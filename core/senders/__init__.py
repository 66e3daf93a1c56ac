"""Ways out of the house: e-mail, signed webhooks, robots of group chats. Each sends one message and says what became of it."""
