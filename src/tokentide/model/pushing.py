"""What a machine sends of its ledger to a team server: counts, instants, names and ids; never text, never titles."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tokentide.model.usage import Instant, UsageRecord

FORMAT = 1
"""The number of the body's shape; a server refuses one that it does not know."""
MOST_BYTES = 1 << 20
"""No body is longer, as it is sent."""
MOST_RECORDS = 20_000
"""No body holds more."""
Count = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
Cost = Annotated[int, msgspec.Meta(ge=-1, le=10**15)]
Text = Annotated[str, msgspec.Meta(max_length=4096)]


class PushedPlace(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Where usage was spent; fields as in Place."""

    source: Text
    account: Text
    session_id: Text
    project: Text = ""
    """The last part of the repository's folder, or all of it where the person wished so."""
    branch: Text = ""
    version: Text = ""


class PushedRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One response; fields as in UsageRecord."""

    identity: Text
    at: Instant
    place: Annotated[int, msgspec.Meta(ge=0)]
    """Index into the body's places."""
    model: Text
    request_id: Text = ""
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_creation_5m_tokens: Count = 0
    cache_creation_1h_tokens: Count = 0
    cache_read_tokens: Count = 0
    web_search_requests: Count = 0
    speed: Text = ""
    service_tier: Text = ""
    inference_geo: Text = ""
    output_is_final: bool = True
    reported_cost: Cost = -1
    agent: Text = ""
    """The kind of sub-agent; empty on the main chain."""
    is_sidechain: bool = False
    effort: Text = ""
    skill: Text = ""

    def usage(self) -> UsageRecord:
        """As a usage record, to be priced."""
        return UsageRecord(
            identity=self.identity,
            request_id=self.request_id,
            at=self.at,
            place=self.place,
            model=self.model,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cache_creation_5m_tokens=self.cache_creation_5m_tokens,
            cache_creation_1h_tokens=self.cache_creation_1h_tokens,
            cache_read_tokens=self.cache_read_tokens,
            web_search_requests=self.web_search_requests,
            speed=self.speed,
            service_tier=self.service_tier,
            inference_geo=self.inference_geo,
        )


class PushClient(msgspec.Struct, frozen=True):
    """Who sends."""

    name: Text
    version: Text


class Push(msgspec.Struct, frozen=True):
    """One body."""

    format: int
    client: PushClient
    resource: dict[str, Text]
    """Whose machine it is, in the names of OpenTelemetry: what the client's own telemetry would bear."""
    places: list[PushedPlace]
    records: list[PushedRecord]
