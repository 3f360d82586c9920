"""All that is found wrong with a declaration: what, where, and how to mend it."""

import pytest

from kehu.sources.read import read_source
from kehu.sources.source import Source

FORMATS = ("csv", "excel", "parquet", "sqlite")
LEAST = "source: test\nformat: csv\nfiles: data/x.csv\nkey: id\nrecords:\n  - customer: {name: name}\n"


def find(text: str) -> tuple[Source | None, list[str]]:
    """The source and its problems as text."""
    source, problems = read_source(text, "s.yaml", timezone="Europe/Paris", currency="CNY", formats=FORMATS)
    return source, [str(problem) for problem in problems]


WRONG = [
    # label, what is replaced in LEAST, by what, the problem
    ("not a mapping", LEAST, "- a", "1:1: error[bad-value]: a source is a mapping (begin with 'source: <name>')"),
    ("an empty file", LEAST, "", "1:1: error[bad-value]: a source is a mapping (begin with 'source: <name>')"),
    ("broken YAML", "key: id", "key: [id", "5:8: error[yaml-syntax]: did not find expected ',' or ']'"),
    (
        "a key twice",
        "key: id",
        "key: id\nkey: id",
        "5:1: error[duplicate-key]: 'key' stands here twice (the first is on line 4)",
    ),
    (
        "an unknown key",
        "key: id",
        "keys: id\nkey: id",
        "4:1: error[unknown-key]: unknown key 'keys' (did you mean 'key'?)",
    ),
    (
        "a name with blanks",
        "source: test",
        "source: my test",
        "1:9: error[bad-value]: 'my test' is not a name (use small letters, digits and _, beginning with a letter)",
    ),
    (
        "no files",
        "files: data/x.csv\n",
        "",
        (
            "1:1: error[missing-key]: 'files' is missing"
            " (add 'files:', one glob pattern, or a list, relative to the workspace)"
        ),
    ),
    (
        "no key",
        "key: id\n",
        "",
        "5:5: error[missing-key]: the customer record has no key (add 'key: <column>' to the source)",
    ),
    (
        "a path from the root",
        "data/x.csv",
        "/data/x.csv",
        (
            "3:8: error[bad-files]: '/data/x.csv' is not a path inside the workspace"
            " (write it relative to the workspace, for example data/tms/*.csv)"
        ),
    ),
    (
        "a path out of the workspace",
        "data/x.csv",
        "../x.csv",
        (
            "3:8: error[bad-files]: '../x.csv' is not a path inside the workspace"
            " (write it relative to the workspace, for example data/tms/*.csv)"
        ),
    ),
    (
        "a path of another drive",
        "data/x.csv",
        "C:/x.csv",
        (
            "3:8: error[bad-files]: 'C:/x.csv' is not a path inside the workspace"
            " (write it relative to the workspace, for example data/tms/*.csv)"
        ),
    ),
    (
        "no path at all",
        "data/x.csv",
        "''",
        (
            "3:8: error[bad-files]: '' is not a path inside the workspace"
            " (write it relative to the workspace, for example data/tms/*.csv)"
        ),
    ),
    (
        "an empty list of files",
        "data/x.csv",
        "[]",
        "3:8: error[bad-files]: no files are named (for example data/tms/*.csv)",
    ),
    (
        "two stars beside a name",
        "data/x.csv",
        "data/**.csv",
        "3:8: error[bad-files]: 'data/**.csv' is no pattern ('**' stands for folders: write it alone between two '/')",
    ),
    (
        "more lines to skip than any file has",
        "key: id",
        "read: {skip: 99999999999999999999}\nkey: id",
        (
            "4:14: error[bad-value]: '99999999999999999999' is not a number of lines"
            " (write how many stand above the header)"
        ),
    ),
    (
        "an unknown format",
        "format: csv",
        "format: cvs",
        "2:9: error[unknown-format]: no loader reads 'cvs' (did you mean 'csv'?)",
    ),
    (
        "an unknown time zone",
        "key: id",
        "timezone: Asia/Shangai\nkey: id",
        "4:11: error[unknown-timezone]: no time zone is called 'Asia/Shangai' (did you mean 'Asia/Shanghai'?)",
    ),
    (
        "another currency",
        "key: id",
        "currency: USD\nkey: id",
        (
            "4:11: error[other-currency]: the source is in 'USD', the workspace in 'CNY'"
            " (amounts of two currencies cannot be added: convert the export, or give it a workspace of its own)"
        ),
    ),
    (
        "an unknown encoding",
        "key: id",
        "read: {encoding: gbk18030}\nkey: id",
        "4:18: error[bad-word]: 'encoding' cannot be 'gbk18030' (did you mean 'gb18030'?)",
    ),
    (
        "an option of another format",
        "key: id",
        "read: {sheet: a}\nkey: id",
        "4:8: error[unknown-key]: unknown key 'sheet' (choose one of delimiter, encoding, skip)",
    ),
    (
        "two characters between cells",
        "key: id",
        "read: {delimiter: '||'}\nkey: id",
        "4:19: error[bad-value]: '||' is not a delimiter (write one character, such as \";\", or tab)",
    ),
    (
        "lines above the header that are no number",
        "key: id",
        "read: {skip: one}\nkey: id",
        "4:14: error[bad-value]: 'one' is not a number of lines (write how many stand above the header)",
    ),
    (
        "a label in one language",
        "key: id",
        "label: {en: x}\nkey: id",
        "4:8: error[missing-key]: the label lacks 'zh' (add 'zh: ...')",
    ),
    (
        "a missing cell that is no text",
        "key: id",
        "missing: [{lik: x}]\nkey: id",
        "4:11: error[bad-value]: a missing cell is a text or {like: pattern} (for example {like: 'See *'})",
    ),
    (
        "records that are no list",
        "  - customer: {name: name}",
        "  customer: {name: name}",
        "6:3: error[bad-value]: 'records' must be a list (begin each record with '- ')",
    ),
    (
        "an unknown record",
        "customer:",
        "client:",
        "6:5: error[unknown-key]: unknown key 'client' (did you mean 'complaint'?)",
    ),
    (
        "a record of no kind",
        "customer: {name: name}",
        "key: id",
        (
            "6:5: error[missing-key]: what kind of record is this?"
            " (name one of customer, contact, shipment, complaint, visit, employee)"
        ),
    ),
    (
        "a record of two kinds",
        "{name: name}",
        "{name: name}\n    visit: {number: id, customer: {key: id}}",
        (
            "6:5: error[missing-key]: two kinds of record in one item"
            " (name one of customer, contact, shipment, complaint, visit, employee)"
        ),
    ),
    (
        "a record that is no mapping",
        "customer: {name: name}",
        "customer",
        (
            "6:5: error[bad-value]: a record is a mapping"
            " (begin it with one of customer, contact, shipment, complaint, visit, employee)"
        ),
    ),
    (
        "a record without fields",
        "{name: name}",
        "{}",
        "6:15: error[bad-value]: 'customer' needs its fields (write '<field>: <column>' below it)",
    ),
    (
        "an unknown field",
        "{name: name}",
        "{nam: name}",
        "6:16: error[unknown-field]: a customer has no field 'nam' (did you mean 'name'?)",
    ),
    (
        "a field that is required",
        "customer: {name: name}",
        "employee: {title: name}",
        "6:15: error[missing-field]: a employee needs 'name' (map a column to 'name')",
    ),
    (
        "a shipment of nobody",
        "customer: {name: name}",
        "shipment: {number: id}",
        "6:15: error[missing-field]: a shipment needs a shipper, consignee or payer (map one of them)",
    ),
    (
        "two records of one key",
        "{name: name}",
        "{name: name}\n  - customer: {name: name}",
        (
            "7:5: error[same-key]: two customer records of one row need different keys"
            " (give this one a 'key:', for example [<column>, {value: payer}])"
        ),
    ),
    (
        "a value without a column",
        "{name: name}",
        "{name: {missing: x}}",
        "6:22: error[missing-key]: 'name' names no column (add 'column: <header>')",
    ),
    (
        "a list for a column",
        "{name: name}",
        "{name: [a, b]}",
        (
            "6:22: error[bad-value]: 'name' needs a column or a mapping"
            " (write the column's name, or {columns: [...]} to join several)"
        ),
    ),
    (
        "an empty column",
        "{name: name}",
        "{name: }",
        "6:22: error[bad-value]: a column name is missing (write the header as the file has it)",
    ),
    (
        "join without columns",
        "{name: name}",
        "{name: {column: a, join: x}}",
        "6:34: error[bad-value]: 'join' needs 'columns' (list the columns to join)",
    ),
    (
        "a key without a column",
        "key: id",
        "key: [{value: x}]",
        "4:6: error[bad-value]: a key needs at least one column (name the column that tells rows apart)",
    ),
    (
        "a date format for a text",
        "{name: name}",
        "{name: {column: a, date: '%Y'}}",
        "6:34: error[bad-date-format]: 'name' is not an instant (remove 'date')",
    ),
    (
        "a bad date format",
        "{name: name}",
        "{first_contact_at: {column: a, date: '%Y-%d'}}",
        (
            "6:52: error[bad-date-format]: date format '%Y-%d': a date needs a year, a month and a day"
            " (for example '%Y-%m-%d %H:%M:%S')"
        ),
    ),
    (
        "a bad time of day",
        "{name: name}",
        "{first_contact_at: {column: a, at: noon}}",
        "6:50: error[bad-value]: 'noon' is not a time of day (write it as \"23:59:59\", in quotes)",
    ),
    (
        "a time of day for a date that has one",
        "{name: name}",
        "{first_contact_at: {column: a, date: '%Y-%m-%d %H:%M', at: '10:00'}}",
        "6:74: error[bad-value]: 'at' is for dates without a time of day (remove 'at')",
    ),
    (
        "a unit for a text",
        "{name: name}",
        "{name: {column: a, unit: kg}}",
        "6:40: error[bad-unit]: unit 'kg' does not fit 'name' (remove 'unit')",
    ),
    (
        "a word outside the field's",
        "{name: name}",
        "{kind: {column: a, map: {x: companny}}}",
        "6:43: error[bad-word]: 'kind' cannot be 'companny' (did you mean 'company'?)",
    ),
    (
        "a constant outside the field's words",
        "{name: name}",
        "{kind: {value: firm}}",
        "6:30: error[bad-word]: 'kind' cannot be 'firm' (choose one of company, person, project)",
    ),
    (
        "a boolean that is none",
        "{name: name}",
        "{consent: {column: a, map: {x: maybe}}}",
        "6:46: error[bad-word]: 'consent' cannot be 'maybe' (write true or false)",
    ),
    (
        "an instant that never changes",
        "{name: name}",
        "{first_contact_at: {value: '2024-01-01'}}",
        "6:34: error[bad-value]: 'first_contact_at' cannot be the same in every row (map a column, or leave it out)",
    ),
    (
        "an instant by words",
        "{name: name}",
        "{first_contact_at: {column: a, map: {x: y}}}",
        "6:55: error[bad-value]: 'first_contact_at' cannot be mapped word by word (map its column alone)",
    ),
    (
        "a reference without a key",
        "{name: name}",
        "{same_as: {system: crm}}",
        "6:25: error[missing-key]: a reference needs a 'key' (write {system: crm, key: 客户号})",
    ),
    (
        "a reference with a name",
        "{name: name}",
        "{same_as: {key: a, name: b}}",
        "6:34: error[unknown-field]: a customer has no 'name' (choose one of key, system)",
    ),
    (
        "a parent named twice over",
        "{name: name}",
        "{parent: {key: a, tax_code: b}}",
        (
            "6:24: error[bad-value]: a customer is named by one of key, tax_code, code, not by key and tax_code"
            " (write {key: 上级客户号}, or {tax_code: 上级税号})"
        ),
    ),
    (
        "a parent of a system alone",
        "{name: name}",
        "{parent: {system: crm}}",
        (
            "6:24: error[bad-value]: a customer is named by one of key, tax_code, code, not by none"
            " (write {key: 上级客户号}, or {tax_code: 上级税号})"
        ),
    ),
    (
        "a condition without a test",
        "{name: name}",
        "{name: name}\n    when: {column: a}",
        (
            "7:11: error[bad-value]: a condition is a column and one test"
            " (write {column: 类型, in: [快递]}, not_in or present)"
        ),
    ),
    (
        "a condition on presence that is no yes or no",
        "{name: name}",
        "{name: name}\n    when: {column: a, present: x}",
        "7:32: error[bad-word]: 'present' cannot be 'x' (choose one of false, true)",
    ),
]


@pytest.mark.parametrize(("_case", "old", "new", "problem"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_declaration_says_what_and_where_and_how_to_mend_it(
    _case: str, old: str, new: str, problem: str
) -> None:
    assert old in LEAST
    assert find(LEAST.replace(old, new, 1)) == (None, [f"s.yaml:{problem}"])


SHIPMENT_WRONG = [
    (
        "a unit of another currency",
        "revenue: {column: a, unit: dollar}",
        (
            "6:75: error[bad-unit]: unit 'dollar' does not fit 'revenue'"
            " (choose one of major, minor, yuan, jiao, fen, wan_yuan)"
        ),
    ),
    (
        "a weight for money",
        "revenue: {column: a, unit: kg}",
        (
            "6:75: error[bad-unit]: unit 'kg' does not fit 'revenue'"
            " (choose one of major, minor, yuan, jiao, fen, wan_yuan)"
        ),
    ),
    (
        "money for a weight",
        "weight_g: {column: a, unit: yuan}",
        "6:76: error[bad-unit]: unit 'yuan' does not fit 'weight_g' (choose one of g, kg, t, jin, lb, oz)",
    ),
    (
        "a constant below the range",
        "pieces: {value: -1}",
        "6:64: error[bad-value]: 'pieces' cannot be -1 (the least is 0)",
    ),
    (
        "a constant that is no number",
        "pieces: {value: many}",
        "6:64: error[bad-value]: 'many' is not a whole number ('pieces' is a whole number)",
    ),
    (
        "a party that is a column",
        "consignee: name",
        "6:59: error[bad-value]: a customer is named by its parts (for example {key: 客户号, name: 客户名称})",
    ),
    (
        "a party with an unknown part",
        "consignee: {nam: x}",
        "6:60: error[unknown-field]: a customer has no 'nam' (did you mean 'name'?)",
    ),
    (
        "a choice without a column",
        "payer: {choose: {a: shipper}}",
        (
            "6:55: error[bad-value]: a choice needs a column and its cells"
            " (write {column: 付款方式, choose: {寄付: shipper}})"
        ),
    ),
    (
        "a choice of a party that is not mapped",
        "payer: {column: a, choose: {a: consignee}}",
        "6:79: error[unknown-field]: this record maps no party 'consignee' (choose one of shipper)",
    ),
]


@pytest.mark.parametrize(("_case", "field", "problem"), SHIPMENT_WRONG, ids=[row[0] for row in SHIPMENT_WRONG])
def test_a_wrong_field_of_a_shipment(_case: str, field: str, problem: str) -> None:
    record = f"shipment: {{number: id, shipper: {{name: a}}, {field}}}"
    assert find(LEAST.replace("customer: {name: name}", record)) == (None, [f"s.yaml:{problem}"])


def test_all_problems_come_at_once_and_no_source() -> None:
    text = "source: test\nformat: cvs\nfile: x\nrecords:\n  - customer: {nam: a, kind: {value: firm}}\n"
    source, problems = find(text)
    assert source is None
    assert [problem.split(":")[1] + " " + problem.split("[")[1].split("]")[0] for problem in problems] == [
        "2 unknown-format",
        "5 missing-key",
        "5 unknown-field",
        "5 bad-word",
        "3 unknown-key",
        "1 missing-key",
    ]
