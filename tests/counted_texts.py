"""Short texts of many kinds with the tokens that they come to, older family and newer one.

The counts are those of ctok 1.3.0, a public reconstruction that agrees with recorded answers of the vendor's count
endpoint on all but one of 962,000 texts in 350 languages; without the frame of the message (7 and 11 tokens).
"""

from __future__ import annotations

from typing import NamedTuple


class CountedText(NamedTuple):
    """One text."""

    kind: str
    text: str
    older: int
    newer: int


ENGLISH = """The harbour was built in the year that the railway came. Before that, ships had to wait outside for the tide, \
sometimes for days, and the fishermen sold what they could to whoever rowed out to them. When the wall was finished, the \
town gave a feast that lasted until Sunday; the bill, which is kept in the museum, lists four hundred loaves of bread, \
twelve barrels of beer and one broken window. Today the wall carries a cycle path, and nobody waits for the tide but the \
children who look for crabs. If you walk to its end, you can see both lighthouses, and on clear evenings the island.
"""
GERMAN = """Der Hafen wurde in dem Jahr gebaut, in dem die Eisenbahn kam. Vorher mussten die Schiffe draußen auf die Flut \
warten, manchmal tagelang, und die Fischer verkauften, was sie konnten, an jeden, der zu ihnen hinausruderte. Als die \
Mauer fertig war, gab die Stadt ein Fest, das bis zum Sonntag dauerte; die Rechnung, die im Museum aufbewahrt wird, nennt \
vierhundert Brote, zwölf Fässer Bier und eine zerbrochene Scheibe. Heute führt ein Radweg über die Mauer.
"""
RUSSIAN = """Гавань построили в тот год, когда пришла железная дорога. До этого корабли ждали прилива снаружи, иногда по \
нескольку дней, и рыбаки продавали что могли каждому, кто подплывал к ним на лодке. Когда стена была готова, город устроил \
праздник, который длился до воскресенья; счёт хранится в музее. Сегодня по стене проходит велосипедная дорожка.
"""
JAPANESE = """港は鉄道が来た年に造られました。それまでは船は沖で潮を待たなければならず、何日も待つこともありました。漁師たちは舟で来る人なら\
誰にでも魚を売りました。壁が完成すると、町は日曜日まで続く祭りを開きました。その請求書は博物館に残っています。今では壁の上に自転車道が\
あり、潮を待つのは蟹を探す子どもたちだけです。
"""
CHINESE = """港口是在铁路通车的那一年修建的。在那之前，船只必须在外面等待涨潮，有时要等好几天，渔民们把能卖的东西卖给划船过来的任何人。\
城墙完工后，全城举行了一场一直持续到星期天的宴会；账单保存在博物馆里，上面写着四百个面包、十二桶啤酒和一扇打碎的窗户。
"""
PYTHON = '''def tides_between(start: datetime, end: datetime, *, harbour: Harbour) -> Iterator[Tide]:
    """Every high tide of a harbour between two instants, in the order of time."""
    step = timedelta(hours=12, minutes=25)
    instant = harbour.first_tide_after(start)
    while instant < end:
        height_cm = round(harbour.mean_cm + harbour.range_cm * math.cos(2 * math.pi * moon_phase(instant)))
        yield Tide(instant, height_cm, is_spring=height_cm > harbour.spring_cm)
        instant += step


class Harbour(NamedTuple):
    name: str
    mean_cm: float = 312.5
    range_cm: float = 148.0
    spring_cm: int = 430

    def first_tide_after(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise ValueError(f"{self.name}: {moment!r} has no time zone")
        return TIDE_TABLE[self.name][bisect_left(TIDE_TABLE[self.name], moment)]
'''
JSON_TEXT = """{
  "harbour": {"name": "North Quay", "id": "hb_7f3a91", "berths": 14, "depth_m": 6.5, "is_open": true},
  "tides": [
    {"at": "2026-03-12T04:18:00Z", "height_cm": 431, "kind": "spring", "source": null},
    {"at": "2026-03-12T16:43:00Z", "height_cm": 418, "kind": "spring", "source": null},
    {"at": "2026-03-13T05:02:00Z", "height_cm": 402, "kind": "usual", "source": "gauge-3"}
  ],
  "ships": [{"imo": 9387421, "flag": "NO", "arrives": "2026-03-12T05:00:00Z", "cargo_t": 1250.75}]
}
"""
LOG = """2026-03-12 04:18:02,114 INFO  [gauge-3] tide_monitor.reader: level=431cm trend=+2 battery=87%
2026-03-12 04:18:32,120 INFO  [gauge-3] tide_monitor.reader: level=432cm trend=+1 battery=87%
2026-03-12 04:19:02,133 WARN  [gauge-1] tide_monitor.reader: no answer from 10.0.4.17:5020 after 2500 ms (try 1/3)
2026-03-12 04:19:04,871 ERROR [gauge-1] tide_monitor.reader: giving up: ConnectionResetError(104, 'reset by peer')
2026-03-12 04:19:05,002 INFO  [main] tide_monitor.store: 3 rows written to /var/lib/tides/2026-03.db in 0.012s
"""
MARKDOWN = """## Tides this week

| day | high tide | height | kind |
| --- | --- | --- | --- |
| Thursday | 04:18, 16:43 | 4.31 m | spring |
| Friday | 05:02, 17:20 | 4.02 m | usual |

- **Spring tides** flood the lower quay: move your car before `04:00`.
- See [the table](https://example.org/tides/2026/03.html) for the whole month.
"""

COUNTED_TEXTS = (
    CountedText("english", ENGLISH, 134, 188),
    CountedText("german", GERMAN, 157, 224),
    CountedText("russian", RUSSIAN, 138, 138),
    CountedText("japanese", JAPANESE, 146, 146),
    CountedText("chinese", CHINESE, 136, 136),
    CountedText("python", PYTHON, 278, 372),
    CountedText("json_text", JSON_TEXT, 235, 267),
    CountedText("log", LOG, 239, 293),
    CountedText("markdown", MARKDOWN, 125, 145),
)
