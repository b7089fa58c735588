"""Settings from TOML: what is right is read, what is wrong is named."""

import dataclasses
from pathlib import Path

import pytest

from digitscan.errors import SettingsError
from digitscan.settings import ScanSettings, Settings
from digitscan.settings_file import dump_settings, load_settings, parse_settings


@dataclasses.dataclass(frozen=True)
class Sample:
    """A section with a field of every type."""

    name: str = 'a "b" \\ \n c'
    on: bool = True
    counts: tuple[int, ...] = (1, 2)
    least: float | None = None
    mode: str = dataclasses.field(default="fast", metadata={"choices": ("fast", "exact")})


def test_defaults_survive_the_way_through_toml(tmp_path: Path) -> None:
    (tmp_path / "all.toml").write_text(dump_settings(Settings()), "utf-8")
    assert load_settings(tmp_path / "all.toml") == Settings()


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    (tmp_path / "some.toml").write_text("[scans]\nmax_megapixels = 40\n")
    loaded = load_settings(tmp_path / "some.toml")
    assert loaded == Settings(scans=ScanSettings(max_megapixels=40.0))
    assert isinstance(loaded.scans.max_megapixels, float)


def test_every_default_is_within_its_own_bounds() -> None:
    everything = dataclasses.asdict(Settings())
    assert parse_settings(everything) == Settings()


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        pytest.param("[scan]\n", "unknown key scan; did you mean scans?", id="section"),
        pytest.param(
            "[scans]\nmax_megapixel = 1\n",
            "unknown key scans.max_megapixel; did you mean scans.max_megapixels?",
            id="key",
        ),
        pytest.param("[scans]\nzzz = 1\n", "expected one of scans.max_megapixels", id="far-key"),
        pytest.param("scans = 3\n", "scans is a section, write it as [scans]", id="no-section"),
        pytest.param(
            '[scans]\npdf_dpi = "300"\n',
            "scans.pdf_dpi is '300', expected a whole number",
            id="type",
        ),
        pytest.param(
            "[scans]\npdf_dpi = 300.0\n", "is 300.0, expected a whole number", id="float-for-int"
        ),
        pytest.param("[scans]\npdf_dpi = true\n", "is True, expected a whole", id="bool-for-int"),
        pytest.param("[scans]\npdf_dpi = 30\n", "is 30, expected 75 to 1200", id="range"),
        pytest.param("[scans]\nmax_megapixels = nan\n", "is nan, expected 0.01 to", id="nan"),
        pytest.param("[scans\n", "is no valid TOML", id="syntax"),
    ],
)
def test_errors_name_file_key_and_what_would_be_right(
    tmp_path: Path, toml: str, words: str
) -> None:
    (tmp_path / "mine.toml").write_text(toml)
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path / "mine.toml")
    assert "mine.toml" in str(caught.value)
    assert words in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml cannot be read"):
        load_settings(tmp_path / "none.toml")


def test_a_file_that_is_not_utf8_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(SettingsError, match="no valid TOML"):
        load_settings(tmp_path / "latin.toml")


def test_texts_lists_and_truths_are_written_as_toml(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclasses.dataclass(frozen=True)
    class Whole:
        sample: Sample = dataclasses.field(default_factory=Sample)

    monkeypatch.setitem(Whole.__init__.__globals__, "Sample", Sample)
    text = dump_settings(Whole())  # type: ignore[arg-type]
    assert text == (
        '[sample]\nname = "a \\"b\\" \\\\ \\u000a c"\non = true\ncounts = [1, 2]\nmode = "fast"\n'
    )
