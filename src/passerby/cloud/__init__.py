"""Reach the outside world: object stores, SNS topics and webhooks."""
