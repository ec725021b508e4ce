import gzip
import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from kernelkit.comparison import InputError, _read
from kernelkit.comparison._read import BUNDLED, bundled, read_table
from kernelkit.comparison._splits import Splitter
from kernelkit.comparison._table import detect_task, make_table


def frame(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"a": rng.normal(size=n), "color": rng.choice(["red", "green"], size=n), "y": rng.normal(size=n)}
    )


def read(tmp_path, text, name="table.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    notices: list[str] = []
    return read_table(str(path), notices), notices


def test_a_large_parquet_file_is_read_by_row_groups(tmp_path, monkeypatch):
    table = pd.DataFrame({"a": np.arange(1000.0), "b": [f"level {k % 3}" for k in range(1000)]})
    table.to_parquet(tmp_path / "table.parquet", row_group_size=70)
    monkeypatch.setattr("kernelkit.comparison._read.MOST_ROWS", 250)
    notices = []
    found = read_table(str(tmp_path / "table.parquet"), notices)
    assert notices == ["the file has 1,000 rows: 250 drawn at random were read, one row group at a time"]
    assert len(found) == 250 and found["a"].is_monotonic_increasing
    assert 0.3 < found["a"].mean() / 1000 < 0.7
    pd.testing.assert_frame_equal(found, table.iloc[found["a"].astype(int)].reset_index(drop=True))


@pytest.mark.parametrize(
    "harm",
    [lambda file: os.truncate(file, 3000), lambda file: file.write_bytes(b"?" * file.stat().st_size), Path.unlink],
    ids=["truncated", "overwritten", "deleted"],
)
def test_a_parquet_file_that_goes_while_it_is_read(tmp_path, monkeypatch, harm):
    from pyarrow.parquet import ParquetFile

    file, read = tmp_path / "table.parquet", ParquetFile.read_row_group
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(7000, 2)), columns=["a", "b"])
    table.to_parquet(file, row_group_size=1000)
    monkeypatch.setattr(_read, "MOST_ROWS", 700)

    def read_after_harm(groups, k):
        if k == 3:
            harm(file)
        return read(groups, k)

    monkeypatch.setattr(ParquetFile, "read_row_group", read_after_harm)
    if harm is Path.unlink:  # what is open stays there until it is closed
        assert len(read_table(str(file), [])) == 700
    else:
        with pytest.raises(InputError, match="cannot read .*table.parquet: [^\\n]+$"):
            read_table(str(file), [])


def test_a_large_csv_file_is_sampled_part_by_part(tmp_path, monkeypatch):
    table = pd.DataFrame({"a": np.arange(1000.0), "b": [f"level {k % 3}" for k in range(1000)]})
    table.to_csv(tmp_path / "table.csv", index=False)
    monkeypatch.setattr(_read, "PART_ROWS", 70)
    everything = read_table(str(tmp_path / "table.csv"), [])
    pd.testing.assert_frame_equal(everything, table)
    monkeypatch.setattr(_read, "MOST_ROWS", 250)
    notices = []
    found = read_table(str(tmp_path / "table.csv"), notices)
    assert notices == ["the file has 1,000 rows: 250 drawn at random were kept, read part by part"]
    assert len(found) == 250 and found["a"].is_monotonic_increasing
    assert 0.4 < found["a"].mean() / 1000 < 0.6 and found["a"].max() > 950
    pd.testing.assert_frame_equal(found, table.iloc[found["a"].astype(int)].reset_index(drop=True))
    pd.testing.assert_frame_equal(found, read_table(str(tmp_path / "table.csv"), []))
    monkeypatch.setattr(_read, "PART_ROWS", 400)
    pd.testing.assert_frame_equal(found, read_table(str(tmp_path / "table.csv"), []))


def test_every_row_of_a_large_csv_file_is_as_likely(tmp_path, monkeypatch):
    # Many files of one seed would always draw the same rows: so many rows, and counts of tenths.
    pd.DataFrame({"a": np.arange(20_000)}).to_csv(tmp_path / "table.csv", index=False)
    monkeypatch.setattr(_read, "PART_ROWS", 1500)
    monkeypatch.setattr(_read, "MOST_ROWS", 5000)
    tenths = np.bincount(read_table(str(tmp_path / "table.csv"), [])["a"] // 2000)
    assert len(tenths) == 10 and abs(tenths - 500).max() < 80  # four standard deviations


def test_rows_with_many_columns_are_fewer(tmp_path, monkeypatch):
    monkeypatch.setattr(_read, "MOST_CELLS", 3000)
    monkeypatch.setattr(_read, "FEWEST_READ", 10)
    table = pd.DataFrame(np.zeros((400, 30)), columns=[f"c{k}" for k in range(30)])
    table.to_csv(tmp_path / "table.csv", index=False)
    table.to_parquet(tmp_path / "table.parquet")
    for name in ("table.csv", "table.parquet"):
        assert len(read_table(str(tmp_path / name), [])) == 100


def test_numbers_in_one_part_of_a_file_and_words_in_another_are_text(tmp_path, monkeypatch):
    code = [f"0{k}" for k in range(100)] + [f"A{k}" for k in range(100)]
    pd.DataFrame({"code": code, "x": np.arange(200.0)}).to_csv(tmp_path / "table.csv", index=False)
    monkeypatch.setattr(_read, "PART_ROWS", 60)
    found = read_table(str(tmp_path / "table.csv"), [])
    assert list(found["code"]) == code and found["x"].dtype == np.float64


def test_csv_and_parquet(tmp_path):
    table, notices = read(tmp_path, "a,b\n1,x\n?,y\n")
    assert list(table.columns) == ["a", "b"] and np.isnan(table["a"][1]) and not notices
    table.to_parquet(tmp_path / "table.parquet")
    pd.testing.assert_frame_equal(read_table(str(tmp_path / "table.parquet"), []), table)


@pytest.mark.parametrize(
    ("text", "encoding", "columns", "said"),
    [
        ("a;b\n1;2\n", "utf-8", ["a", "b"], "semicolons"),
        ("a\tb\n1\t2\n", "utf-8", ["a", "b"], "tabs"),
        ("1.5,2\n3,4\n", "utf-8", ["c1", "c2"], "not names"),
        ("1,1,0\n3,4,5\n", "utf-8", ["c1", "c2", "c3"], "not names"),
        ("a,stadt\n1,Köln\n", "latin-1", ["a", "stadt"], "Latin-1"),
    ],
)
def test_what_is_guessed_is_said(tmp_path, text, encoding, columns, said):
    table, notices = read(tmp_path, text, encoding=encoding)
    assert list(table.columns) == columns
    assert len(notices) == 1 and said in notices[0]


def test_no_table_in_the_file(tmp_path):
    for content, message in [
        (b"", "is empty"),
        (b"a,b\n", "no rows"),
        (b"\x00\x01\x02", "binary"),
        (b'a,b\n1,2\n1,2,3,4\n"x', "not a CSV table"),
    ]:
        (tmp_path / "bad.csv").write_bytes(content)
        with pytest.raises(InputError, match=message):
            read_table(str(tmp_path / "bad.csv"), [])
    (tmp_path / "bad.parquet").write_text("hello")
    with pytest.raises(InputError, match="not a parquet file"):
        read_table(str(tmp_path / "bad.parquet"), [])
    (tmp_path / "bad.csv.gz").write_text("hello")
    with pytest.raises(InputError, match="cannot read"):
        read_table(str(tmp_path / "bad.csv.gz"), [])
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:-20])
    with pytest.raises(InputError):
        read_table(str(tmp_path / "cut.csv.gz"), [])
    with pytest.raises(InputError, match="is a directory"):
        read_table(str(tmp_path), [])
    with pytest.raises(InputError, match="no file"):
        read_table(str(tmp_path / "nowhere.csv"), [])


def test_bundled_sets():
    for name in BUNDLED:
        X, y = bundled(name)
        assert X.ndim == 2 and len(X) == len(y)
    assert set(bundled("iris")[1]) == {"setosa", "versicolor", "virginica"}
    with pytest.raises(InputError, match="did you mean 'iris'"):
        bundled("iriss")


@pytest.mark.parametrize(
    ("values", "task", "reason"),
    [
        (np.array([0.5, 1.5, 2.5]), "regression", "a number with 3 values"),
        (np.array([0.0, 1.0, 1.0]), "classification", "whole number with 2 values"),
        (np.arange(11.0), "regression", "a number with 11 values"),
        (np.array(["a", "b"], dtype=object), "classification", "holds labels"),
    ],
)
def test_task_is_detected_with_a_reason(values, task, reason):
    found, why = detect_task(values, "y")
    assert found == task and reason in why and "--task" in why


def test_task_as_asked():
    assert detect_task(np.arange(3.0), "y", "regression") == ("regression", "as asked")
    with pytest.raises(InputError, match="did you mean 'regression'"):
        detect_task(np.arange(3.0), "y", "regresion")
    with pytest.raises(InputError, match="'color' is not numeric .*--task classification"):
        make_table(frame(), "color", task="regression")


def test_columns_are_sorted_and_useless_ones_named():
    X = frame().assign(
        nothing=np.nan,
        one="same",
        row=np.arange(60),
        name=[f"person {i}" for i in range(60)],
        customer_id=np.random.default_rng(0).permutation(1000)[:60],
        flag=[True, False] * 30,
        day=pd.date_range("2024-01-01", periods=60),
        zip=[f"z{i % 55}" for i in range(60)],
        level=pd.Categorical([1, 2, 3] * 20),
        gap=[None, "u", "v"] * 20,
    )
    table = make_table(X, "y")
    assert table.columns.numeric == ["a"]
    assert table.columns.levels == ["color", "flag", "level", "gap"]
    assert table.columns.many_levels == ["zip"]
    said = "; ".join(table.notices)
    assert "nothing but missing values: nothing" in said and "constant: one" in said and "a date" in said
    assert "looks like an identifier: row, name, customer_id" in said


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"]
)
def test_dates_as_text_are_dates(form):
    day = pd.Series(pd.date_range("2024-01-01", periods=60)).dt.strftime(form)
    table = make_table(frame().assign(day=day, again=list(day[:20]) * 3, code="12-34"), "y")
    assert any("left out, a date (" in notice and "): day, again" in notice for notice in table.notices)
    days = pd.date_range("2024-01-01", periods=60).date
    assert any("left out, a date" in notice for notice in make_table(frame().assign(day=days), "y").notices)


@pytest.mark.parametrize(("cell", "kind"), [([1.0, 2.0], "lists"), ((1,), "tuples"), ({"k": 1}, "dicts")])
def test_cells_that_hold_several_values(cell, kind):
    X = frame().assign(cell=[cell] * 60)
    assert f"left out, holds {kind} (one number or word a cell is needed): cell" in make_table(X, "y").notices
    with pytest.raises(InputError, match=f"the target 'cell' holds {kind}: one number or label"):
        make_table(X, "cell")


def test_bytes_decimals_and_truth_values():
    X = frame().assign(
        raw=[b"\xff", b"\xfe"] * 30,
        price=[Decimal(k) / 7 for k in range(60)],
        flag=[True, False, None] * 20,
    )
    table = make_table(X, "y")
    assert table.columns.numeric == ["a", "price"] and table.columns.levels == ["color", "raw", "flag"]
    assert Splitter(table, 0).copies.max() == 59
    assert set(make_table(X, "raw").y) == {r"b'\xff'", r"b'\xfe'"}
    assert make_table(X, "price").task == "regression"
    assert make_table(X, "flag").y.dtype == bool


def test_numbers_and_words_in_one_column_are_said():
    half = [k if k % 2 else "low" for k in range(60)]
    X = frame().assign(half=half, code=pd.Categorical([1, 2, 3] * 20))
    table = make_table(X, "y")
    assert table.notices == ["half mixes numbers and words (50%, such as 'low'): taken as categories"]
    with pytest.raises(InputError, match="the target 'half' is not numeric"):
        make_table(X, "half", task="regression")


def test_a_date_is_no_target():
    X = frame().assign(day=pd.date_range("2024-01-01", periods=60))
    with pytest.raises(InputError, match="the target 'day' is a date: turn it into a number"):
        make_table(X, "day")


def test_an_array_keeps_its_only_index_like_column():
    assert make_table(np.arange(30)[:, None], np.arange(30.0)).columns.numeric == [0]
    assert make_table(pd.DataFrame({"x": np.arange(30), "y": np.arange(30.0) ** 2}), "y").columns.numeric == ["x"]


def test_rows_without_target_go_and_odd_values_are_missing():
    X = frame()
    X.loc[:4, "y"] = [np.nan, np.inf, -np.inf, np.nan, np.nan]
    X["a"] = X["a"].astype(object)
    X.loc[10, "a"] = "unknown"
    table = make_table(X, "y")
    assert len(table) == 55 and len(table.X) == 55 and table.columns.numeric == ["a"]
    assert "5 rows left out: no target" in table.notices
    assert any("1 value of a taken as missing" in notice and "unknown" in notice for notice in table.notices)


def test_target_keeps_its_kind():
    X = np.random.default_rng(0).normal(size=(30, 2))
    assert make_table(X, np.arange(30) % 3).y.dtype == np.int64
    assert make_table(X, np.arange(30) % 2 == 0).y.dtype == bool
    assert make_table(X, ["a", "b"] * 15).y.dtype.kind == "U"
    assert make_table(X, pd.Series(np.arange(30) / 7)).y.dtype == np.float64


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (sp.eye_array(30), np.arange(30.0), "sparse"),
        (np.arange(30.0), np.arange(30.0), "two dimensions"),
        (np.ones((30, 2)), np.arange(29.0), "29 values and X has 30 rows"),
        (np.ones((30, 2)), np.ones((30, 2)), "one column"),
        (np.ones((30, 2)), "y", "has no names"),
        (np.ones((30, 2)), np.arange(30.0), "no column can be used: constant"),
        (np.random.default_rng(0).normal(size=(30, 2)), np.ones(30), "constant: every value is 1"),
        (np.random.default_rng(0).normal(size=(1, 2)), np.ones(1), "1 row with a target"),
        (np.random.default_rng(0).normal(size=(30, 2)), np.full(30, np.nan), "no row has a value"),
        (frame(), "z", "unknown column 'z'; there are: a, color, y"),
        (frame(), "Color", "did you mean 'color'"),
        (frame()[["y"]], "y", "no column besides the target"),
        (pd.concat([frame(), frame()[["a"]]], axis=1), "y", "'a' occurs more than once"),
    ],
)
def test_bad_tables(X, y, message):
    with pytest.raises(InputError, match=message):
        make_table(X, y)


def test_groups_and_time():
    X = frame().assign(who=np.arange(60) // 3, day=[f"2024-01-{1 + i % 28:02d}" for i in range(60)])
    table = make_table(X, "y", groups="who", time="day")
    assert len(set(table.groups)) == 20 and len(set(table.time)) == 28
    assert set(table.columns.numeric + table.columns.levels) == {"a", "color"}
    with pytest.raises(InputError, match="neither numbers nor dates"):
        make_table(X, "y", time="color")
    with pytest.raises(InputError, match="are the same column, 'y'"):
        make_table(X, "y", groups="y")


def test_dates_with_and_without_a_zone():
    day = pd.date_range("2024-01-01", periods=60, tz="Europe/Berlin")
    X = frame().assign(day=day, plain=day.tz_convert(None))
    assert any("a date" in notice and "day, plain" in notice for notice in make_table(X, "y").notices)
    for name in ("day", "plain"):
        time = make_table(X, "y", time=name).time
        assert (np.diff(time) > 0).all()
