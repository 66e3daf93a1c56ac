"""WeCom: tokens, what its numbers mean, mass messages that employees confirm, app messages, callbacks."""
