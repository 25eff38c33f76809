"""What the agent would have done: labelled or past conversations, played again; nothing is written."""
