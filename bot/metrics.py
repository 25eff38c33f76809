"""What Prometheus reads at /metrics. One registry per application, so that tests can have several."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.modelled import Modelled

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.backlog = Gauge("casewright_backlog_events", "Events that wait to be handled.", registry=registry)
        self.oldest = Gauge("casewright_backlog_oldest_seconds", "Age of the oldest waiting event.", registry=registry)
        self.dead = Gauge("casewright_dead_work", "Events and posts that were given up.", registry=registry)
        self.refused = Counter("casewright_refused_events", "Events answered with 503.", registry=registry)
        self.duplicates = Counter("casewright_duplicate_events", "Events stored before.", registry=registry)
        self.lost_leases = Counter("casewright_lost_leases", "Work dropped as another took over.", registry=registry)
        self.stolen_leases = Counter("casewright_freed_leases", "Leases of dead workers freed.", registry=registry)
        self.events = Counter("casewright_events", "Events handled.", ["kind", "result"], registry=registry)
        self.evaluations = Counter("casewright_evaluations", "Evaluations.", ["outcome"], registry=registry)
        self.posts = Counter("casewright_posts", "Posts.", ["channel", "result"], registry=registry)
        self.webhooks = Counter("casewright_webhooks", "Deliveries to webhooks.", ["result"], registry=registry)
        self.acknowledgement = Histogram(
            "casewright_acknowledgement_seconds", "Until an event was durable.", buckets=SECONDS, registry=registry
        )
        self.end_to_end = Histogram(
            "casewright_end_to_end_seconds", "From received to handled.", buckets=SECONDS, registry=registry
        )
        self.post_wait = Histogram(
            "casewright_post_seconds", "From decided to posted.", buckets=SECONDS, registry=registry
        )
        self.accounts = Gauge(
            "casewright_account_state",
            "1 for the state that a mailbox or workspace is in.",
            ["channel", "account", "state"],
            registry=registry,
        )
        self.llm_requests = Counter("casewright_llm_requests", "Requests to a model.", ["provider"], registry=registry)
        self.llm_tokens = Counter("casewright_llm_tokens", "Tokens.", ["provider", "kind"], registry=registry)
        self.llm_cost = Counter(
            "casewright_llm_cost", "By the settings' prices.", ["provider", "currency"], registry=registry
        )
        self.llm_fallbacks = Counter(
            "casewright_llm_fallbacks", "Evaluations that a model left unanswered.", ["reason"], registry=registry
        )
        self.llm_seconds = Histogram(
            "casewright_llm_seconds", "Until a model answered or failed.", buckets=SECONDS, registry=registry
        )
        self.waiting = 0

    def observe_backlog(self, waiting: int, oldest: float, dead: int) -> None:
        self.waiting = waiting
        self.backlog.set(waiting)
        self.oldest.set(oldest)
        self.dead.set(dead)

    def observe_accounts(self, channels: Mapping[str, Mapping[str, str]]) -> None:
        self.accounts.clear()
        for channel, accounts in channels.items():
            for account, state in accounts.items():
                self.accounts.labels(channel, account, state).set(1)

    def observe_model(self, model: Modelled) -> None:
        if model.trouble is not None:
            self.llm_fallbacks.labels(model.trouble).inc()
        if not model.milliseconds:
            return
        self.llm_seconds.observe(model.milliseconds / 1000)
        self.llm_requests.labels(model.provider).inc(model.usage.requests)
        fresh = model.usage.input - model.usage.cached
        for kind, tokens in (("input", fresh), ("cached", model.usage.cached), ("output", model.usage.output)):
            self.llm_tokens.labels(model.provider, kind).inc(tokens)
        if model.cost is not None:
            self.llm_cost.labels(model.provider, model.currency).inc(float(model.cost))

    def rendered(self) -> bytes:
        return generate_latest(self.registry)
