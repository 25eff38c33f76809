"""The ground: what a case, a conversation and a message are, and how they are kept."""
