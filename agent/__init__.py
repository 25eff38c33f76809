"""Decisions: predict, create, update and follow up; pure but for model calls."""
