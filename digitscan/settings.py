"""Settings: one frozen section per stage, read from TOML, checked before the first page."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Bounds on what is decoded: scans are hostile input."""

    max_megapixels: float = 120.0
    max_pages: int = 2000
    max_file_megabytes: float = 512.0
    pdf_dpi: int = 300


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections."""

    scans: ScanSettings = field(default_factory=ScanSettings)
