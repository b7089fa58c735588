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
class InkSettings:
    """How ink is told from paper. Lengths are for writing about 40 px high (300 dpi)."""

    stroke_px: int = field(default=20, metadata={"min": 4, "max": 200})
    neighborhood_px: int = field(default=32, metadata={"min": 4, "max": 400})
    min_contrast: float = field(default=24.0, metadata={"min": 1, "max": 255})
    min_share: float = field(default=0.35, metadata={"min": 0, "max": 1})
    threshold: int = field(default=112, metadata={"min": 1, "max": 255})


@dataclass(frozen=True, slots=True)
class CutSettings:
    """Where digits may touch. All but `crossing` are multiples of the text height."""

    narrow: float = field(default=0.35, metadata={"min": 0, "max": 5})
    low: float = field(default=0.3, metadata={"min": 0, "max": 1})
    margin: float = field(default=0.08, metadata={"min": 0, "max": 1})
    spacing: float = field(default=0.1, metadata={"min": 0, "max": 1})
    corridor: float = field(default=0.2, metadata={"min": 0, "max": 1})
    crossing: float = field(default=2.6, metadata={"min": 0, "max": 20})
    speck: float = field(default=0.12, metadata={"min": 0, "max": 1})


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections."""

    scans: ScanSettings = field(default_factory=ScanSettings)
    ink: InkSettings = field(default_factory=InkSettings)
    cuts: CutSettings = field(default_factory=CutSettings)
