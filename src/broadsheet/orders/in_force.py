"""What the orders of editors come to at a time: filters, settings and rewritten texts over those of the newsroom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from broadsheet.config.arms import with_settings
from broadsheet.config.filters import QuotaConfig, SlotConfig
from broadsheet.config.settings import Config
from broadsheet.orders.order import Boost, Bury, Cap, Knobs, Order, Pin, Rewrite

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class InForce:
    """The orders that hold from a time until another."""

    since: datetime
    until: datetime
    slots: Mapping[str, SlotConfig] = field(default_factory=dict)
    "By news_id; of two articles with the same slot, the last was ordered last."
    buried: Sequence[str] = ()
    boosts: Sequence[Boost] = ()
    caps: Sequence[Cap] = ()
    rewrites: Mapping[str, Rewrite] = field(default_factory=dict)
    "By news_id."
    knobs: Knobs | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in force."""
        return not (self.slots or self.buried or self.boosts or self.caps or self.rewrites or self.knobs)


def in_force(orders: Sequence[Order], now: datetime) -> InForce:
    """Return what holds at a time of these orders, the one given last standing last."""
    bounds = [time for order in orders for time in (order.starts, order.ends) if time]
    since = max((time for time in bounds if time <= now), default=FIRST)
    until = min((time for time in bounds if time > now), default=LAST)
    holding = [order.what for order in orders if order.holds(now)]
    return InForce(
        since,
        until,
        slots={one.news_id: _slot(one) for one in holding if isinstance(one, Pin)},
        buried=[one.news_id for one in holding if isinstance(one, Bury)],
        boosts=[one for one in holding if isinstance(one, Boost)],
        caps=[one for one in holding if isinstance(one, Cap)],
        rewrites={one.news_id: one for one in holding if isinstance(one, Rewrite)},
        knobs=next((one for one in holding if isinstance(one, Knobs)), None),
    )


def ordered(config: Config, orders: InForce, columns: Collection[str]) -> Config:
    """Return the settings with the orders over them.

    `columns` are those that articles have: an order about another column, which articles had when it was given, waits
    until they have it again.
    """
    if orders.knobs is not None:
        config = with_settings(config, knob_settings(config, orders.knobs))
    filters = config.filters
    filters = replace(
        filters,
        slots={**filters.slots, **orders.slots},
        exclude=_with_buried(filters.exclude, orders.buried),
        boosts=_with_boosts(filters.boosts, [one for one in orders.boosts if one.column in columns]),
        quotas=_with_caps(filters.quotas, [one for one in orders.caps if one.column in columns]),
    )
    return replace(config, filters=filters)


def knob_settings(config: Config, knobs: Knobs) -> dict[str, Any]:
    """Return the settings that knobs stand for, in the shape of broadsheet.toml."""
    weights = {"freshness": knobs.freshness, "popularity": knobs.popularity}
    rerank: dict[str, Any] = {"weights": {name: value for name, value in weights.items() if value is not None}}
    if knobs.diversity is not None:
        rerank["diversity"] = knobs.diversity
    if knobs.exploration is None:
        return {"rerank": rerank}
    policy = config.exploration.policy if config.exploration.policy != "none" else "epsilon-greedy"
    explores = {"policy": policy, "slots": knobs.exploration} if knobs.exploration else {"policy": "none"}
    return {"rerank": rerank, "exploration": explores}


def _slot(pin: Pin) -> SlotConfig:
    return SlotConfig(slot=pin.slot, categories=[pin.category] if pin.category else [])


def _with_buried(exclude: Mapping[str, list[str]], buried: Sequence[str]) -> dict[str, list[str]]:
    return {**exclude, "news_id": [*exclude.get("news_id", []), *buried]} if buried else dict(exclude)


def _with_boosts(boosts: Mapping[str, Mapping[str, float]], orders: Iterable[Boost]) -> dict[str, dict[str, float]]:
    found = {column: dict(values) for column, values in boosts.items()}
    for one in orders:
        values = found.setdefault(one.column, {})
        values[one.value] = values.get(one.value, 0.0) + one.lift
    return found


def _with_caps(
    quotas: Mapping[str, Mapping[str, QuotaConfig]], orders: Iterable[Cap]
) -> dict[str, dict[str, QuotaConfig]]:
    found = {column: dict(values) for column, values in quotas.items()}
    for one in orders:
        values = found.setdefault(one.column, {})
        least = values[one.value].least if one.value in values else 0
        values[one.value] = QuotaConfig(least=min(least, one.most), most=one.most)
    return found
