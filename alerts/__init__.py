"""Default branches that turned red or green again -> messages to chats and mail, each once.

Comes in: settings and the store's red periods. Goes out: requests, mails, what became of them.
"""
