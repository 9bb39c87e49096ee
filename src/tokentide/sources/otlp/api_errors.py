"""What went wrong with a request, as a class: the text that tells it may hold anything, and is not kept.

Source: the Messages API's documentation of errors.
"""

from __future__ import annotations

from tokentide.sources.otlp.texts import name_of
from tokentide.sources.otlp.wire import Attributes

NETWORK = "network"
"""No answer came."""
CLASSES = (
    "invalid_request_error",
    "authentication_error",
    "billing_error",
    "permission_error",
    "not_found_error",
    "request_too_large",
    "rate_limit_error",
    "timeout_error",
    "overloaded_error",
    "api_error",
)
"""Types of errors, as the API calls them."""
_BY_STATUS = {
    "400": "invalid_request_error",
    "401": "authentication_error",
    "402": "billing_error",
    "403": "permission_error",
    "404": "not_found_error",
    "408": "timeout_error",
    "413": "request_too_large",
    "429": "rate_limit_error",
    "500": "api_error",
    "502": "api_error",
    "503": "api_error",
    "504": "timeout_error",
    "529": "overloaded_error",
}
_CONNECTION = (
    ("abort", "aborted"),
    ("timeout", "timeout"),
    ("timed out", "timeout"),
    ("certificate", "tls"),
    ("ssl", "tls"),
    ("enotfound", "dns"),
    ("eai_again", "dns"),
    ("econn", "connection"),
    ("socket", "connection"),
    ("connection", "connection"),
)
"""What the text of a failure without an answer may say, and what it is called."""


def status_of(attributes: Attributes) -> str:
    """The HTTP status as text, three digits; NETWORK for none."""
    status = name_of(attributes.get("status_code"))
    return status if len(status) == 3 and status.isascii() and status.isdecimal() else NETWORK


def error_class(attributes: Attributes) -> str:
    """The type that the error's text names, else that of the status; without an answer what kept it away."""
    text = name_of(attributes.get("error")).lower()
    named = next((name for name in CLASSES if name in text), "")
    status = status_of(attributes)
    if status != NETWORK:
        return named or _BY_STATUS.get(status, "api_error" if status[0] == "5" else "other")
    return named or next((word for mark, word in _CONNECTION if mark in text), NETWORK)
