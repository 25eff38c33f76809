"""The Slack channel. Its modules import the SDK: `adapters.slack.channel` is imported where Slack is on."""
