"""Tables of one's own: how they are read, and what is chosen of them."""

import random

import numpy as np
import pytest

from skann.playground._code import code
from skann.playground._data import MAX_INPUTS, make_data
from skann.playground._roles import with_roles
from skann.playground._settings import changed, defaults
from skann.playground._table import MAX_GUESSED, MAX_NAME, read_table
from skann.playground._trainer import Trainer


def german(n_rows=60):
    """A table as a German spreadsheet writes it."""
    rng = random.Random(0)
    lines = ["Größe, m;Gewicht;Preis, €;Farbe;Alter;Note"]
    for i in range(n_rows):
        size = f"{rng.gauss(1.7, 0.1):.2f}".replace(".", ",")
        price = f"{rng.randint(1, 9)}.{rng.randint(100, 999)},{rng.randint(0, 99):02d}"
        colour = rng.choice(["rot", "grün", "blau"])
        lines.append(f"{size};{rng.randint(50, 90)};{price};{colour};{i % 40};{i},5")
    return "\n".join(lines)


def trained(table, **changes):
    settings = changed(defaults(), {**table.choice(), **changes})
    return settings, Trainer(settings, make_data(settings, table))


def test_semicolons_and_decimal_commas_are_read():
    table = read_table(german())
    assert (table.delimiter, table.decimal) == (";", ",")
    assert table.numeric == ["Größe, m", "Gewicht", "Preis, €", "Alter", "Note"]
    assert table.number("1.234,50") == 1234.5
    assert table.number("-0,5") == -0.5
    settings, trainer = trained(table)
    assert (settings["target"], settings["problem"]) == ("Note", "regression")
    assert trainer.data.y[:3].tolist() == [0.5, 1.5, 2.5]
    assert trainer.data.axes[:, 0].max() < 2.5


@pytest.mark.parametrize(
    ("rows", "delimiter", "decimal", "numeric"),
    [
        ("1.5;2;x\n", ";", ".", ["a", "b"]),
        ("1,5;2;x\n", ";", ",", ["a", "b"]),
        ("1,5\t2\tx\n", "\t", ",", ["a", "b"]),
        ("1.234;2,5;x\n", ";", ",", ["a", "b"]),
        ('"1,5",2,3\n', ",", ".", ["b", "c"]),
        ("1e3;,5;-2.000.000,1\n", ";", ",", ["a", "b", "c"]),
        ("1;2;?\n1;2;3\n", ";", ".", ["a", "b", "c"]),
    ],
)
def test_decimal_commas_are_told_from_points(rows, delimiter, decimal, numeric):
    table = read_table(delimiter.join("abc") + "\n" + rows * 5)
    assert (table.delimiter, table.decimal, table.numeric) == (
        delimiter,
        decimal,
        numeric,
    )


def test_what_is_between_cells_is_told_from_commas_in_a_name():
    table = read_table("height, cm;weight, kg;a, b, c\n" + "1;2;3\n" * 5)
    assert list(table.columns) == ["height, cm", "weight, kg", "a, b, c"]


@pytest.mark.parametrize(
    ("header", "row", "target", "problem"),
    [
        ("kind,a,b,c", "{word},{i},{i}.5,{i}", "c", "regression"),
        ("kind,a,b,c", "{word},{i},{i}.5,{bit}", "c", "classification"),
        ("a,b,c,kind", "{i},{i},{i},{word}", "kind", "classification"),
        ("a,b,c,note", "{i},{i},{i},note {i}", "c", "regression"),
        ("kind,a,b", "{word},{i},{i}", "kind", "classification"),
    ],
)
def test_guessed_target_is_the_last_column_that_can_be_one(
    header, row, target, problem
):
    rows = [row.format(i=i, bit=i % 2, word="uv"[i % 2]) for i in range(30)]
    choice = read_table("\n".join([header, *rows])).choice()
    assert (choice["target"], choice["problem"]) == (target, problem)


def test_text_columns_are_inputs():
    table = read_table(german())
    settings, trainer = trained(table)
    assert settings["columns"] == ["Preis, €", "Farbe", "Alter"]
    names = ["Größe, m", "Gewicht", "Preis, €"]
    names += ["Farbe=blau", "Farbe=grün", "Farbe=rot", "Alter"]
    data = trainer.data
    assert data.input_names == names
    colours = data.X[:, 3:6]
    levels = [np.unique(column) for column in colours.T]
    assert [len(level) for level in levels] == [2, 2, 2]
    is_on = colours == [level[1] for level in levels]
    assert is_on.sum(axis=1).tolist() == [1] * len(data.y)
    wanted = [["blau", "grün", "rot"].index(c) for c in table.columns["Farbe"]]
    assert is_on.argmax(axis=1).tolist() == wanted
    # The map is at the most frequent value, which is one, not at medians of each.
    on_map = data.inputs(np.zeros((1, 2)))[0, 3:6] == [level[1] for level in levels]
    assert np.flatnonzero(on_map) == is_on[data.train].sum(axis=0).argmax()


def test_too_many_inputs_are_refused():
    names = [f"c{i}" for i in range(20)]
    rows = [
        ",".join(["abcdefghij"[i % 10]] * 20 + [str(i), str(i)]) for i in range(300)
    ]
    table = read_table("\n".join([",".join([*names, "x", "y"]), *rows]))
    settings = changed(defaults(), table.choice())
    data = make_data(settings, table)
    assert len(data.input_names) <= MAX_GUESSED
    more = changed(settings, {"columns": names[:-1]})
    with pytest.raises(ValueError, match=f"{MAX_INPUTS} the most"):
        make_data(more, table)
    axis = changed(settings, {"axis1": "c0", "columns": []})
    with pytest.raises(ValueError, match=r"'c0' is not made of numbers.* it has 'a'"):
        make_data(axis, table)


@pytest.mark.parametrize("changes", [{}, {"columns": ["Farbe"], "loss": "huber"}])
def test_the_code_reads_commas_and_text(tmp_path, changes):
    path = tmp_path / f"{'n' * 240}.csv"
    path.write_text(german() + "\n;1;2;rot;3;4", "utf-8")
    table = read_table(path.read_text("utf-8"), str(path))
    settings, trainer = trained(table, **changes)
    trainer.advance(20, 60)
    names = {}
    exec(code(settings, trainer, table), names)
    for one, other in zip(names["net"].coefs_, trainer.net.coefs_, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(path.name) < MAX_NAME


BEFORE = {"axis1": "a", "axis2": "b", "target": "t", "columns": ["c", "word"]}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"rate": 0.1}, {"rate": 0.1}),
        ({"target": "c"}, {"target": "c", "columns": ["t", "word"]}),
        ({"target": "a"}, {"target": "a", "axis1": "t"}),
        ({"target": "word"}, {"columns": ["c", "t"], "problem": "classification"}),
        ({"target": "d"}, {"columns": ["c", "word"], "problem": "regression"}),
        ({"axis1": "b"}, {"axis1": "b", "axis2": "a"}),
        ({"axis2": "c"}, {"axis2": "c", "columns": ["b", "word"]}),
        ({"axis1": "t"}, {"axis1": "t", "target": "a"}),
        ({"target": "a", "axis1": "a"}, {"target": "a", "axis1": "a"}),
        ({"target": "a", "problem": "regression"}, {"problem": "regression"}),
        ({"target": 7}, {"target": 7}),
        ({"target": "none"}, {"target": "none", "axis1": "a"}),
    ],
    ids=str,
)
def test_columns_change_places(changes, wanted):
    rows = "".join(f"{i},{i},{i},{i},{i},{'uv'[i % 2]}\n" for i in range(20))
    table = read_table("a,b,c,d,t,word\n" + rows)
    assert wanted.items() <= with_roles(table, BEFORE, changes).items()


def test_a_target_of_text_leaves_its_place_to_a_column_of_numbers():
    rows = "".join(f"{i},{i},{i},{'uv'[i % 2]}\n" for i in range(20))
    table = read_table("a,b,c,word\n" + rows)
    before = {**BEFORE, "target": "word", "columns": []}
    found = with_roles(table, before, {"target": "a"})
    assert (found["axis1"], found["axis2"], found["target"]) == ("c", "b", "a")
