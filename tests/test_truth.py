"""Results beside true values: the conventions of matching, and faults in the files."""

from pathlib import Path

import pytest

from digitscan.errors import ExitCode, TruthError
from digitscan.records import Box
from digitscan.truth import Selection, load_results, load_truth, match_readings

HEADER = "file,page,field,text,value,confidence,status,reason,left,top,right,bottom,alternatives"


def _write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    return path


def _results(folder: Path, *rows: str) -> Path:
    return _write(folder, "results.csv", HEADER, *rows)


def _truth(folder: Path, *lines: str) -> Path:
    return _write(folder, "truth.csv", *lines)


def _match(
    results: Path, truth: Path, selection: Selection = Selection()
) -> list[tuple[str, bool]]:
    scored = match_readings(load_results(results), load_truth(truth), selection)
    return [(item.true, item.right) for item in scored]


def test_rows_come_in_as_records(tmp_path: Path) -> None:
    path = _results(
        tmp_path,
        "a/1.png,1,amount,007,007,0.9876,read,,1,2,30,40,008:0.0100",
        "'=2.png,3,amount,12,12,0.2000,rejected,low-confidence,1,2,30,40,",
        "3.png,1,amount,,,,failed,unreadable,,,,,",
        "4.png,1,amount,5,5,0.9000,rejected,no-digits,1,2,3,4,",
    )
    first, second, third, fourth = load_results(path)
    assert (first.file, first.text, first.confidence) == ("a/1.png", "007", 0.9876)
    assert first.box == Box(1, 2, 30, 40)
    assert first.acceptable
    assert (second.file, second.page, second.acceptable) == ("=2.png", 3, True)
    assert (third.confidence, third.box, third.acceptable) == (0.0, None, False)
    assert not fourth.acceptable


def test_matching_by_name_and_field(tmp_path: Path) -> None:
    results = _results(
        tmp_path,
        "scans/1.tif,1,amount,1234,1234,0.9,read,,,,,,",
        "scans/1.tif,1,date,15032016,2016-03-15,0.9,read,,,,,,",
        "2.jpg,1,amount,99,99,0.9,read,,,,,,",
        "2.jpg,1,amount,88,88,0.9,read,,,,,,",
    )
    truth = _truth(
        tmp_path, "file,amount,date,note", '1.jpg,"1,234",15/03/2016,x', "2.jpg,88,,", "3.jpg,5,,"
    )
    assert _match(results, truth) == [
        ("1234", True),
        ("88", False),  # the first reading of a field counts
        ("5", False),
        ("15032016", True),
    ]
    anywhere = Selection((("amount", "amount"),), anywhere=True)
    assert _match(results, truth, anywhere) == [("1234", True), ("88", True), ("5", False)]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    results = _results(tmp_path, "a/1.png,1,n,1,1,0.9,read,,,,,,", "b/1.png,1,n,2,2,0.9,read,,,,,,")
    truth = _truth(tmp_path, "file,n", "b/1.png,2", "a/1.png,1")
    assert _match(results, truth) == [("2", True), ("1", True)]


def test_uncertain_fields_and_other_parts_do_not_count(tmp_path: Path) -> None:
    results = _results(tmp_path, "1.png,1,amount,1,1,0.9,read,,,,,,")
    truth = _truth(
        tmp_path,
        "file,digits,part,uncertain,digits_box",
        "1.png,1,apart,,0 0 1 1",
        "2.png,2,train,,0 0 1 1",
        "3.png,3,apart,digits+other,0 0 1 1",
    )
    selection = Selection((("digits", "amount"),), ("part", "apart"))
    assert _match(results, truth, selection) == [("1", True)]


def test_micr_symbols_count(tmp_path: Path) -> None:
    results = _results(tmp_path, "1.png,1,micr,C12C3,C12C3,0.9,read,,,,,,")
    assert _match(results, _truth(tmp_path, "file,micr", "1.png,C12 C3")) == [("C12C3", True)]
    assert _match(results, _truth(tmp_path, "file,micr", "1.png,12C3")) == [("12C3", False)]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_bytes(b"\xef\xbb\xbffile,n\r\n1.png,1\r\n")
    assert load_truth(path)[0]["file"] == "1.png"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "lacks the column", id="empty"),
        pytest.param(b"name,n\r\n1,2\r\n", r"lacks the column\(s\) file", id="no-file-column"),
        pytest.param(b"file,n\r\n", "holds no row", id="no-row"),
        pytest.param(b"\xff\xfe\x00f", "UTF-8", id="other-encoding"),
        pytest.param(b'file,n\r\n"1.png,2\r\n', "no CSV", id="open-quote"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00", "UTF-8", id="picture"),
    ],
)
def test_a_broken_truth_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_bytes(data)
    with pytest.raises(TruthError, match=message) as caught:
        load_truth(path)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "truth.csv" in str(caught.value)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("1.png,1,n,1,1,high,read,,,,,,", id="confidence-is-a-word"),
        pytest.param("1.png,1,n,1,1,1.5,read,,,,,,", id="confidence-above-one"),
        pytest.param("1.png,1,n,1,1,nan,read,,,,,,", id="confidence-not-a-number"),
        pytest.param("1.png,one,n,1,1,0.5,read,,,,,,", id="page-is-a-word"),
        pytest.param("1.png,1,n,1,1,0.5,read,,5,5,5,5,", id="box-without-area"),
    ],
)
def test_broken_results_are_refused(tmp_path: Path, row: str) -> None:
    with pytest.raises(TruthError, match="no results file"):
        load_results(_results(tmp_path, row))


def test_missing_files_and_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="cannot be read"):
        load_results(tmp_path / "absent.csv")
    with pytest.raises(TruthError, match="lacks the column"):
        load_results(_truth(tmp_path, "file,n", "1.png,1"))
    truth = load_truth(_truth(tmp_path, "file,n", "1.png,1"))
    with pytest.raises(TruthError, match="'amount', only file, n"):
        match_readings((), truth, Selection((("amount", "amount"),)))
    with pytest.raises(TruthError, match="'part'"):
        match_readings((), truth, Selection(only=("part", "apart")))
