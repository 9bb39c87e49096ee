"""The vendor's own count beside ours: only of the organisation that runs the server."""

from __future__ import annotations

from pathlib import Path

from tokentide.clock import DAY_US
from tokentide.model.billing import CODE, ORGANIZATION, Bucket, DirectoryEntry, Fetch, date_of
from tokentide.server.vendor import vendor_costs
from tokentide.store.sqlite.ledger import Ledger

DAY = 20_500 * DAY_US


def test_costs_of_all_people_are_added_up_by_day(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.sqlite3")
    with Ledger.open(path) as ledger:
        for organization, day, cost in (("org-1", DAY, 5), ("org-1", DAY + DAY_US, 7), ("org-2", DAY, 11)):
            ledger.buckets.name(organization, [DirectoryEntry(ORGANIZATION, organization, "Ours")])
            buckets = [Bucket(day, day + DAY_US, {"actor": who}, {"cost": cost}) for who in ("ada", "bo")]
            ledger.buckets.keep(organization, Fetch(CODE, day, day + DAY_US, day + DAY_US, 0), buckets)
    found = vendor_costs(path, "default")
    assert found == {date_of(DAY).isoformat(): 32, date_of(DAY + DAY_US).isoformat(): 14}


def test_another_tenant_sees_nothing_of_it(tmp_path: Path) -> None:
    test_costs_of_all_people_are_added_up_by_day(tmp_path)
    assert vendor_costs(str(tmp_path / "ledger.sqlite3"), "acme") == {}


def test_without_a_ledger_there_is_nothing(tmp_path: Path) -> None:
    assert vendor_costs(str(tmp_path / "none.sqlite3"), "default") == {}
    assert not (tmp_path / "none.sqlite3").exists()


def test_a_damaged_ledger_is_no_reason_to_fail(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"this is no database" * 100)
    assert vendor_costs(str(path), "default") == {}
