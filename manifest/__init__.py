"""What Slack is given to install Casewright, made from the settings."""
