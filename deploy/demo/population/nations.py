"""Where the invented people come from: shares, languages, birth places and the shapes of passport numbers."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.demo.population.draw import Draw, Weighted


@dataclass(frozen=True, slots=True)
class Nation:
    """One nationality.

    Shapes of passport numbers, newest first, are a template and how many digits the serial has: `{0}` and `{1}` are
    letters, `{2}` the serial, `{3}` the serial after its third digit.
    """

    iso3: str
    iso2: str
    language: str
    shapes: tuple[tuple[str, int], ...]
    towns: tuple[str, ...]
    men: float = 0.86


NATIONS = {
    nation.iso3: nation
    for nation in (
        Nation(
            "CHN",
            "CN",
            "zh",
            (
                ("E{0}{2}", 7),
                ("E{2}", 8),
                ("G{2}", 8),
            ),
            ("Fuzhou", "Guangzhou", "Wenzhou", "Shandong", "Henan", "Jiangsu", "Shanghai", "Chongqing", "Hunan"),
            0.9,
        ),
        Nation("JPN", "JP", "ja", (("{0}{1}{2}", 7),), ("Tokyo", "Osaka", "Nagoya", "Fukuoka", "Sapporo"), 0.92),
        Nation(
            "KOR",
            "KR",
            "ko",
            (
                ("M{2:.3}{0}{3}", 7),
                ("M{2}", 8),
            ),
            ("Seoul", "Busan", "Incheon", "Daegu", "Suwon"),
        ),
        Nation("IND", "IN", "hi", (("{0}{2}", 7),), ("Mumbai", "Chennai", "New Delhi", "Kolkata", "Hyderabad"), 0.9),
        Nation(
            "MYS",
            "MY",
            "ms",
            (
                ("A{2}", 8),
                ("H{2}", 8),
            ),
            ("Kuala Lumpur", "Penang", "Johor Bahru", "Ipoh"),
        ),
        Nation("PHL", "PH", "fil", (("P{2}{0}", 7),), ("Manila", "Cebu", "Davao", "Quezon City"), 0.6),
        Nation(
            "USA",
            "US",
            "en",
            (
                ("{0}{2}", 8),
                ("{2}", 9),
            ),
            ("New York", "Los Angeles", "Houston", "Chicago"),
        ),
        Nation(
            "AUS",
            "AU",
            "en",
            (
                ("{0}{1}{2}", 7),
                ("{0}{2}", 7),
            ),
            ("Sydney", "Perth", "Melbourne", "Brisbane"),
        ),
        Nation("GBR", "GB", "en", (("{2}", 9),), ("London", "Manchester", "Leeds", "Glasgow")),
        Nation("SGP", "SG", "ms", (("K{2}{0}", 7),), ("Singapore",)),
        Nation("TWN", "TW", "zh_tw", (("{2}", 9),), ("Taipei", "Kaohsiung", "Taichung", "Tainan")),
        Nation(
            "NGA",
            "NG",
            "ng",
            (
                ("A{2}", 8),
                ("B{2}", 8),
            ),
            ("Lagos", "Kano", "Enugu", "Ibadan"),
        ),
        Nation("PAK", "PK", "ur", (("{0}{1}{2}", 7),), ("Karachi", "Lahore", "Sialkot", "Peshawar"), 0.93),
        Nation(
            "BGD",
            "BD",
            "bn",
            (
                ("{0}{2}", 8),
                ("{0}{1}{2}", 7),
            ),
            ("Dhaka", "Chittagong", "Sylhet", "Comilla"),
            0.93,
        ),
        Nation("YEM", "YE", "ar", (("{2}", 8),), ("Aden", "Sana'a", "Taiz", "Mukalla"), 0.9),
        Nation("THA", "TH", "th", (("{0}{1}{2}", 7),), ("Bangkok", "Chiang Mai", "Udon Thani"), 0.6),
        Nation(
            "VNM",
            "VN",
            "vi",
            (
                ("{0}{2}", 8),
                ("{0}{2}", 7),
            ),
            ("Hanoi", "Hai Phong", "Da Nang"),
            0.75,
        ),
        Nation("RUS", "RU", "ru", (("{2}", 9),), ("Moscow", "Kazan", "Vladivostok", "Omsk"), 0.7),
        Nation("NLD", "NL", "nl", (("{0}{1}{1}{2}", 6),), ("Amsterdam", "Rotterdam", "Utrecht", "Den Haag")),
    )
}

# Indonesia 2023 and Tangerang 2022 for the first ten, assumed for the rest (domain.md section 6); men are 86 % overall.
SHARES = Weighted(
    [
        ("CHN", 49.0),
        ("JPN", 9.5),
        ("KOR", 9.3),
        ("IND", 5.2),
        ("MYS", 3.4),
        ("PHL", 3.2),
        ("USA", 1.8),
        ("AUS", 1.6),
        ("GBR", 1.5),
        ("SGP", 1.5),
        ("TWN", 2.5),
        ("NGA", 1.3),
        ("PAK", 1.5),
        ("BGD", 1.3),
        ("YEM", 1.2),
        ("THA", 1.6),
        ("VNM", 1.7),
        ("RUS", 1.5),
        ("NLD", 1.4),
    ]
)


def passport_number(draw: Draw, nation: Nation, number: int, age: int) -> str:
    """Write the passport number of person `number`; `age` 0 is the newest passport.

    The serial is a permutation of `number`, so that two people share a number only where one was planted.
    """
    shape, digits = nation.shapes[min(age if age else (0 if draw.happens(0.7) else 1), len(nation.shapes) - 1)]
    serial = str((number * 387_420_489 + 104_729 + age * 49_979_687) % 10**digits).zfill(digits)
    return shape.format(draw.letter(), draw.letter(), serial, serial[3:])
