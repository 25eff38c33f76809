"""Microsoft Teams: chats and channel threads, with Adaptive Cards. botbuilder is known here and nowhere else."""
