"""The findings on telemetry as JSON; of headers only the names."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.doctor.telemetry import Finding, Route, Telemetry, without_login
from tokentide.doctor.telemetry_trial import Trial
from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import head_json, instant


def telemetry_json(telemetry: Telemetry, findings: Sequence[Finding], trials: Sequence[Trial] | None) -> str:
    """Everything, as one object; `trials` is None where nothing was tried."""
    machine = telemetry.machine
    return dumps(
        {
            **head_json("doctor_telemetry", machine.now),
            "client_version": ".".join(map(str, machine.version)) or None,
            "is_enabled": telemetry.is_enabled,
            "sources": [
                {
                    "origin": layer.origin,
                    "path": layer.path or None,
                    "variables": sorted(layer.values),
                    "fault": layer.fault or None,
                }
                for layer in machine.layers
            ],
            "signals": [_route(route) for route in telemetry.routes],
            "sessions": None
            if machine.sessions is None
            else [{"pid": each.pid, "started_at": instant(each.started_at)} for each in machine.sessions],
            "findings": [
                {"code": each.code, "severity": each.severity, "what": each.what, "remedy": each.remedy}
                for each in findings
            ],
            "trials": None if trials is None else [_trial(trial) for trial in trials],
        }
    )


def _route(route: Route) -> dict[str, Json]:
    return {
        "signal": route.signal,
        "protocol": route.protocol or None,
        "endpoint": without_login(route.endpoint),
        "headers": [header.name for header in route.headers],
    }


def _trial(trial: Trial) -> dict[str, Json]:
    return {
        "signal": trial.signal,
        "endpoint": without_login(trial.address),
        "code": trial.verdict.code,
        "status": trial.status,
        "took_ms": trial.took_ms,
        "is_tokentide": trial.is_ours,
        "what": trial.verdict.what,
        "remedy": trial.verdict.remedy or None,
    }
