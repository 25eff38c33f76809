"""The LLM predictor: asks a provider's model and believes nothing that does not stand in the conversation.

`asking` alone knows the SDK; it is imported where a provider is configured and nowhere else.
"""
