"""Tokens as people and programs read them; never the token itself, of which only the digest is kept."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import head_json, instant
from tokentide.render.words import ago, clean, duration
from tokentide.server.tenants.tokens import INGEST, LEAD, MEMBER, Token


def tokens_json(tokens: Sequence[Token], *, now: int) -> str:
    """All tokens, format 1."""
    return dumps({**head_json("server_tokens", now), "tokens": [token_json(token, now) for token in tokens]})


def created_json(text: str, token: Token, *, now: int) -> str:
    """One that was just made, with its text."""
    return dumps({**head_json("server_token", now), "token": text, **token_json(token, now)})


def revoked_json(token: Token, *, now: int) -> str:
    """One that was just revoked."""
    return dumps({**head_json("server_token", now), **token_json(token, now)})


def token_json(token: Token, now: int) -> dict[str, Json]:
    """What is known of one; instants are null for never."""
    return {
        "id": token.id,
        "state": state_of(token, now),
        "kind": token.kind,
        "role": token.role or None,
        "tenant": token.tenant,
        "teams": list(token.teams),
        "user_id": token.user_id or None,
        "label": token.label or None,
        "created_at": instant(token.created_at),
        "expires_at": instant(token.expires_at) if token.expires_at else None,
        "used_at": instant(token.used_at) if token.used_at else None,
        "revoked_at": instant(token.revoked_at) if token.revoked_at else None,
    }


def state_of(token: Token, now: int) -> str:
    """`good`, `revoked` or `expired`."""
    return "revoked" if token.revoked_at else "expired" if token.is_over(now) else "good"


def whose(token: Token) -> str:
    """What it is good for, in a few words."""
    if token.kind == INGEST:
        return f"sends, team {clean(token.teams[0])}" if token.teams else "sends"
    if token.role == LEAD:
        return f"sees {', '.join(map(clean, token.teams))}"
    return f"sees {clean(token.user_id)}" if token.role == MEMBER else "sees everything"


def expiry(token: Token, now: int) -> str:
    """When it ends, or that it has."""
    if token.revoked_at:
        return f"revoked {ago(now - token.revoked_at)}"
    if not token.expires_at:
        return "never"
    return f"expired {ago(now - token.expires_at)}" if token.is_over(now) else f"in {duration(token.expires_at - now)}"


def last_used(token: Token, now: int) -> str:
    """How long ago it was used."""
    return ago(now - token.used_at) if token.used_at else "never"
