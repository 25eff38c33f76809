"""Outgoing webhooks, as Standard Webhooks has them: what is sent, where it may go, and the sending.

`store.webhooks` keeps the endpoints and the deliveries; `messages` makes and signs what is sent, `targets` says where
it may go, `sending` sends and tries again.
"""
