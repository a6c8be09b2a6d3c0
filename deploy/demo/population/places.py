"""Places in Banten, and the companies that employ the invented people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from deploy.demo.population.draw import Draw, Weighted, seed_of


@dataclass(frozen=True, slots=True)
class Address:
    """An address in Banten; `regency` as the civil register writes it."""

    street: str
    village: str
    district: str
    regency: str

    @property
    def line(self) -> str:
        """The address on one line."""
        return f"{self.street}, {self.village}, {self.district}, {self.regency}"


@dataclass(frozen=True, slots=True)
class Company:
    """An employer or sponsor; `standing` is `AKTIF` or `TIDAK AKTIF`."""

    nib: str
    name: str
    address: Address
    standing: str = "AKTIF"


REGENCIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Kab. Pandeglang": {"Pandeglang": ("Kadomas", "Babakan Kalanganyar"), "Labuan": ("Teluk", "Cigondang")},
    "Kab. Lebak": {"Rangkasbitung": ("Muara Ciujung", "Cijoro Lebak"), "Maja": ("Curug Badak", "Pasir Kembang")},
    "Kab. Tangerang": {
        "Cikupa": ("Talagasari", "Pasir Jaya", "Budi Mulya"),
        "Balaraja": ("Tobat", "Sentul Jaya", "Cangkudu"),
        "Pasar Kemis": ("Sukamantri", "Kutabumi"),
        "Curug": ("Kadu Jaya", "Sukabakti"),
    },
    "Kab. Serang": {
        "Cikande": ("Cikande", "Nambo Udik", "Leuwilimus"),
        "Kragilan": ("Kragilan", "Sentul", "Undar Andir"),
        "Kibin": ("Kibin", "Tambak", "Nagara"),
        "Bojonegara": ("Bojonegara", "Margagiri", "Argawana"),
    },
    "Kota Tangerang": {"Batuceper": ("Poris Gaga", "Kebon Besar"), "Jatiuwung": ("Keroncong", "Manis Jaya")},
    "Kota Cilegon": {"Ciwandan": ("Tegal Ratu", "Gunung Sugih"), "Citangkil": ("Warnasari", "Kebonsari")},
    "Kota Serang": {"Serang": ("Kaligandu", "Cipare"), "Taktakan": ("Drangong", "Sayar")},
    "Kota Tangerang Selatan": {
        "Serpong": ("Lengkong Gudang", "Ciater"),
        "Pondok Aren": ("Pondok Jaya", "Jurang Mangu"),
    },
}
REGENCY_CODES = {
    "Kab. Pandeglang": "3601",
    "Kab. Lebak": "3602",
    "Kab. Tangerang": "3603",
    "Kab. Serang": "3604",
    "Kota Tangerang": "3671",
    "Kota Cilegon": "3672",
    "Kota Serang": "3673",
    "Kota Tangerang Selatan": "3674",
}
WHERE = Weighted(
    [
        ("Kab. Tangerang", 26.0),
        ("Kab. Serang", 24.0),
        ("Kota Cilegon", 17.0),
        ("Kota Tangerang Selatan", 14.0),
        ("Kota Tangerang", 13.0),
        ("Kota Serang", 4.0),
        ("Kab. Lebak", 1.0),
        ("Kab. Pandeglang", 1.0),
    ]
)
SPOTS = {
    regency: tuple((village, district, regency) for district, villages in districts.items() for village in villages)
    for regency, districts in REGENCIES.items()
}
STREETS = ("Jl. Raya Serang", "Jl. Merdeka", "Jl. Melati", "Kp. Baru", "Perum Griya Asri", "Jl. Industri", "Mess PT")
FIRST = ("Sinar", "Karya", "Mitra", "Bintang", "Cahaya", "Surya", "Nusa", "Prima", "Indo", "Banten", "Krakatau", "Jaya")
SECOND = ("Baja", "Kimia", "Tekstil", "Plastik", "Sepatu", "Logam", "Semen", "Kertas", "Energi", "Elektronik", "Mesin")
THIRD = ("Abadi", "Sejahtera", "Utama", "Makmur", "Lestari", "Perkasa", "Mandiri", "Internasional", "Indonesia")
POSTS = (
    "Manajer Produksi",
    "Teknisi Mesin",
    "Ahli Kimia",
    "Penasihat Teknik",
    "Manajer Mutu",
    "Direktur",
    "Penerjemah",
)
GATES = Weighted([("Soekarno-Hatta", 88.0), ("Merak", 3.0), ("Ngurah Rai", 6.0), ("Batam Centre", 3.0)])
COMPANIES = 600


def draw_address(draw: Draw, regency: str | None = None) -> Address:
    """Draw an address, in `regency` where one is given."""
    village, district, where = draw.one(SPOTS[regency or draw.weighted(WHERE)])
    return Address(f"{draw.one(STREETS)} No. {draw.between(1, 240)}", village, district, where)


@cache
def companies(seed: int) -> tuple[Company, ...]:
    """The employers of Banten, the same for every size of the population."""
    return tuple(_company(seed, at) for at in range(COMPANIES))


@cache
def hollow_company(seed: int, at: int) -> Company:
    """A company whose address is empty: many permits rest on it, and nobody there knows the holders."""
    draw = Draw(seed_of(seed, "hollow", at))
    name = f"PT {draw.one(FIRST)} {draw.one(THIRD)} Investama"
    return Company(f"9120{at:09d}", name, draw_address(draw, "Kab. Tangerang"), "TIDAK AKTIF")


@cache
def far_company(seed: int) -> Company:
    """A company in another province: active, and unknown to every register in Banten."""
    return Company(
        "8120000000017",
        "PT Batam Marine Lestari",
        Address("Jl. Yos Sudarso No. 8", "Sei Jodoh", "Batu Ampar", "Kota Batam"),
    )


def draw_company(draw: Draw, seed: int) -> Company:
    """Draw an employer; the first in the list employ the most."""
    return companies(seed)[int(COMPANIES * draw.share() ** 2)]


def _company(seed: int, at: int) -> Company:
    draw = Draw(seed_of(seed, "company", at))
    name = f"PT {draw.one(FIRST)} {draw.one(SECOND)} {draw.one(THIRD)}"
    return Company(f"81200{at:04d}{draw.between(1000, 9999)}", name, draw_address(draw))
