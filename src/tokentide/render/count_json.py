"""Tokens before they are sent, as JSON, format 1."""

from __future__ import annotations

from tokentide.analytics.count import Counted, Fit, ModelCount
from tokentide.analytics.count_parts import Part
from tokentide.analytics.token_estimate import TokenEstimate
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.report_json import head_json

_FITS: dict[Fit, bool | None] = {Fit.YES: True, Fit.PERHAPS: None, Fit.NO: False, Fit.UNKNOWN: None}


def count_json(counted: Counted) -> str:
    """One object with an entry a part and an entry a model; null where nobody can tell."""
    return dumps(
        {
            **head_json("count", counted.at),
            "parts": [{"name": part.name, "kind": part.what, "size_bytes": part.size_bytes} for part in counted.parts],
            "models": [_model(each, counted.parts) for each in counted.models],
            "why_estimate": counted.why_estimate or None,
            "why_no_share": counted.why_no_share or None,
        }
    )


def _model(each: ModelCount, parts: tuple[Part, ...]) -> Json:
    costs, share = each.costs, each.share
    return {
        "model": each.model,
        "family": each.total.family,
        "method": "official" if each.is_official else "estimate",
        **_tokens(each.total),
        "parts": [
            {"name": part.name, "method": "official" if is_exact else "estimate", **_tokens(tokens)}
            for part, tokens, is_exact in zip(parts, each.parts, each.are_exact, strict=True)
        ],
        "cost_usd": {
            "input": usd(costs.fresh),
            "input_low": usd(costs.fresh_low),
            "input_high": usd(costs.fresh_high),
            "cache_creation_5m": usd(costs.write_5m),
            "cache_creation_1h": usd(costs.write_1h),
            "cache_read": usd(costs.read),
        }
        if costs
        else None,
        "context_window_tokens": each.context_window,
        "fits": _FITS[each.fit],
        "five_hour_percent": {
            "low": round(share.low, 4),
            "likely": round(share.likely, 4),
            "high": round(share.high, 4),
        }
        if share
        else None,
    }


def _tokens(estimate: TokenEstimate) -> dict[str, Json]:
    return {"tokens": estimate.likely, "tokens_low": estimate.low, "tokens_high": estimate.high}
