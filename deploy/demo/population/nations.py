"""Where the invented people come from: shares, languages, birth places and the shapes of passport numbers."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.demo.population.draw import Draw, Weighted


@dataclass(frozen=True, slots=True)
class Nation:
    """One nationality. In a passport shape `#` stands for a digit of the serial, `@` for a letter; newest first."""

    iso3: str
    iso2: str
    language: str
    shapes: tuple[str, ...]
    towns: tuple[str, ...]
    men: float = 0.86


NATIONS = {
    nation.iso3: nation
    for nation in (
        Nation(
            "CHN",
            "CN",
            "zh",
            ("E@#######", "E########", "G########"),
            ("Fuzhou", "Guangzhou", "Wenzhou", "Shandong", "Henan", "Jiangsu", "Shanghai", "Chongqing", "Hunan"),
            0.9,
        ),
        Nation("JPN", "JP", "ja", ("@@#######",), ("Tokyo", "Osaka", "Nagoya", "Fukuoka", "Sapporo"), 0.92),
        Nation("KOR", "KR", "ko", ("M###@####", "M########"), ("Seoul", "Busan", "Incheon", "Daegu", "Suwon")),
        Nation("IND", "IN", "hi", ("@#######",), ("Mumbai", "Chennai", "New Delhi", "Kolkata", "Hyderabad"), 0.9),
        Nation("MYS", "MY", "ms", ("A########", "H########"), ("Kuala Lumpur", "Penang", "Johor Bahru", "Ipoh")),
        Nation("PHL", "PH", "fil", ("P#######@",), ("Manila", "Cebu", "Davao", "Quezon City"), 0.6),
        Nation("USA", "US", "en", ("@########", "#########"), ("New York", "Los Angeles", "Houston", "Chicago")),
        Nation("AUS", "AU", "en", ("@@#######", "@#######"), ("Sydney", "Perth", "Melbourne", "Brisbane")),
        Nation("GBR", "GB", "en", ("#########",), ("London", "Manchester", "Leeds", "Glasgow")),
        Nation("SGP", "SG", "ms", ("K#######@",), ("Singapore",)),
        Nation("TWN", "TW", "zh_tw", ("#########",), ("Taipei", "Kaohsiung", "Taichung", "Tainan")),
        Nation("NGA", "NG", "ng", ("A########", "B########"), ("Lagos", "Kano", "Enugu", "Ibadan")),
        Nation("PAK", "PK", "ur", ("@@#######",), ("Karachi", "Lahore", "Sialkot", "Peshawar"), 0.93),
        Nation("BGD", "BD", "bn", ("@########", "@@#######"), ("Dhaka", "Chittagong", "Sylhet", "Comilla"), 0.93),
        Nation("YEM", "YE", "ar", ("########",), ("Aden", "Sana'a", "Taiz", "Mukalla"), 0.9),
        Nation("THA", "TH", "th", ("@@#######",), ("Bangkok", "Chiang Mai", "Udon Thani"), 0.6),
        Nation("VNM", "VN", "vi", ("@########", "@#######"), ("Hanoi", "Hai Phong", "Da Nang"), 0.75),
        Nation("RUS", "RU", "ru", ("#########",), ("Moscow", "Kazan", "Vladivostok", "Omsk"), 0.7),
        Nation("NLD", "NL", "nl", ("@@@######",), ("Amsterdam", "Rotterdam", "Utrecht", "Den Haag")),
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

    Nine digits of serial are a permutation of `number`, so that two people share a number only where one was planted.
    """
    shape = nation.shapes[min(age if age else (0 if draw.happens(0.7) else 1), len(nation.shapes) - 1)]
    digits = shape.count("#")
    serial = str((number * 387_420_489 + 104_729 + age * 49_979_687) % 10**digits).zfill(digits)
    at = 0
    text = []
    for character in shape:
        if character == "#":
            text.append(serial[at])
            at += 1
        else:
            text.append(draw.letter() if character == "@" else character)
    return "".join(text)
