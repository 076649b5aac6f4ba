#!/usr/bin/env python3
"""Second consumers of portable artifacts.

Compiles the rules below over the demo's TPC-H tables, and for each artifact that uses standard
Substrait only:

- reads it with DataFusion for Python, registered with the same tables, and compares the rows
  with those of `planc run`;
- validates it with substrait-validator. That knows specification 0.57, whose plans name their
  extensions by URI, so what is validated is a copy with the URNs turned into URIs. The messages
  that are allowed stand below, each with its reason.
- shows it with substrait-explain 0.9, where `--explain` says where that is
  (`cargo install substrait-explain --version 0.9.0`).

    python3 -m venv venv && venv/bin/pip install 'datafusion==55.*' substrait-validator==0.1.4
    venv/bin/python conformance/second/check.py --planc target/debug/planc
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

RULES = {
    "scan": "select * from region",
    "filter": "select n_name from nation where n_regionkey = 1 and n_name like '%A%'",
    "project": "select n_nationkey + 1 as k, -n_regionkey as m, n_nationkey % 3 as r from nation",
    "sort_limit": "select n_name from nation order by n_name desc limit 5 offset 2",
    "join": "select n_name, r_name from nation join region on n_regionkey = r_regionkey",
    "left": "select s_suppkey, n_name from supplier left join nation on s_nationkey = n_nationkey and n_regionkey = 1",
    "right": "select n_name, s_suppkey from supplier right join nation on s_nationkey = n_nationkey",
    "full": "select n_name, r_name from nation full join region on n_nationkey = r_regionkey",
    "cross": "select a.r_name, b.r_name as other from region a cross join region b",
    "semi": "select c_custkey from customer where exists (select 1 from orders where o_custkey = c_custkey)",
    "anti": "select c_custkey from customer where not exists (select 1 from orders where o_custkey = c_custkey)",
    "union_all": "select r_name as name from region union all select n_name from nation",
    "distinct": "select distinct n_regionkey from nation",
    "group": "select n_regionkey, count(*) as c, max(n_nationkey) as m, min(n_nationkey) as l from nation group by n_regionkey",
    "having": "select o_custkey, sum(o_orderkey) as s from orders group by o_custkey having count(*) > 20",
    "sum_decimal": "select l_returnflag, sum(l_quantity) as q from lineitem group by l_returnflag",
    "case": "select case when n_regionkey > 2 then 'east' when n_regionkey = 0 then 'none' else 'west' end as side from nation",
    "in_list": "select n_name from nation where n_nationkey in (1, 3, 5) or n_name in ('CHINA')",
    "between": "select o_orderkey from orders where o_orderdate between date '1995-01-01' and date '1995-01-31'",
    "null_tests": "select c_custkey from customer where c_phone is not null and c_name is not null",
    "distinct_from": "select n_name from nation where n_regionkey is distinct from 2",
    "scalar": "select p_partkey from part where p_size > (select max(p_size) - 2 from part)",
    "cast": "select cast(n_nationkey as double) as d, cast(n_regionkey as int) as i from nation",
    "text": "select upper(n_name) as u, lower(n_name) as l, starts_with(n_name, 'A') as a from nation",
    "coalesce": "select coalesce(n_comment, n_name) as t from nation",
    "floats": "select sqrt(cast(n_nationkey as double)) as s, floor(cast(n_nationkey as double) / 2) as f from nation",
    "window": "select n_name, lag(n_name) over (partition by n_regionkey order by n_name) as before from nation",
    "percent": "select n_name, percent_rank() over (order by n_nationkey) as p from nation",
    "three_joins": "select c_name, o_orderkey from customer join orders on c_custkey = o_custkey join nation on c_nationkey = n_nationkey where n_name = 'FRANCE'",
    "values": "select * from (values (1, 'a'), (2, 'b')) as v(k, t)",
}

# What substrait-explain does not show yet.
UNSHOWN = {
    r"Decimal literal textification": "substrait-explain shows no decimal literals",
    r"WindowFunction textification": "substrait-explain shows no window functions",
}

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]

# The validator's messages that say nothing against a plan, and why.
ALLOWED = {
    r"URN|urn": "the specification had no URNs when the validator was written",
    r"did not attempt to resolve YAML|failed to resolve YAML": "no network; planc's tests hold every function against the official files",
    r"not yet implemented|not yet supported|is not understood|unknown type": "the validator does not look into this message",
    r"version": "the plan is of a later specification than the validator",
    r"deprecat": "the copy has URIs, which the later specification deprecates",
}


def planc(binary, project, *args, **options):
    command = [binary, "--project", str(project), *args]
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def downgraded(plan):
    """The JSON of a plan with extension URIs in the place of URNs."""
    base = "https://github.com/substrait-io/substrait/blob/main/extensions"
    uris = []
    for urn in plan.pop("extensionUrns", []):
        file = urn.get("urn", "").rsplit(":", 1)[-1]
        uris.append({"extensionUriAnchor": urn.get("extensionUrnAnchor", 0), "uri": f"{base}/{file}.yaml"})
    plan["extensionUris"] = uris
    for declaration in plan.get("extensions", []):
        for inner in declaration.values():
            if "extensionUrnReference" in inner:
                inner["extensionUriReference"] = inner.pop("extensionUrnReference")
    plan.pop("expectedTypeUrls", None)
    older(plan)
    return plan


def older(message):
    """Rewrites, within a message, the fields that came after specification 0.57."""
    if isinstance(message, list):
        for one in message:
            older(one)
    elif isinstance(message, dict):
        if "fetch" in message:
            for new, old in (("offsetExpr", "offset"), ("countExpr", "count")):
                value = message["fetch"].pop(new, None)
                if value is not None:
                    message["fetch"][old] = value["literal"].get("i64", "0")
        if "groupings" in message:
            keys = message.pop("groupingExpressions", [])
            for grouping in message["groupings"]:
                references = grouping.pop("expressionReferences", [])
                grouping["groupingExpressions"] = [keys[at] for at in references]
        for one in message.values():
            older(one)


def rows(table):
    columns = [column.to_pylist() for column in table.columns]
    shown = lambda value: f"{value:.9g}" if isinstance(value, float) else str(value)
    return [tuple(map(shown, row)) for row in zip(*columns)] if columns else []


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--planc", default="planc")
    parser.add_argument("--explain", help="where substrait-explain is")
    arguments = parser.parse_args()
    import pyarrow.parquet as parquet
    from datafusion import SessionContext
    from datafusion.substrait import Consumer, Serde

    binary = str(pathlib.Path(arguments.planc).resolve())
    folder = pathlib.Path(tempfile.mkdtemp()) / "demo"
    subprocess.run([binary, "init", "--demo", str(folder)], check=True, capture_output=True)
    for name, sql in RULES.items():
        (folder / "rules" / f"second_{name}.sql").write_text(sql + "\n")
    for table in TABLES:
        (folder / "rules" / f"table_{table}.sql").write_text(f"select * from {table}\n")
    compiled = {}
    for line in planc(binary, folder, "compile", "--json").splitlines():
        line = json.loads(line)
        if line.get("digest"):
            compiled[line["rule"]] = line["digest"]
    context = SessionContext()
    for table in TABLES:
        file = folder / f"{table}.parquet"
        planc(binary, folder, "run", f"table_{table}", "--format", "parquet", "--output", str(file))
        context.register_parquet(table, str(file))

    failures, portable = [], 0
    messages = {}
    for name, sql in RULES.items():
        digest = compiled[f"second_{name}"]
        text = planc(binary, folder, "explain", digest)
        if "dev.planc" in text or "type.planc" in text:
            used = sorted(set(re.findall(r"^(?:function|type|variation) \d+ (\S+) of extension:dev.planc", text, re.M)))
            print(f"{name}: not portable: {', '.join(used) or 'a relation of planc'}")
            continue
        portable += 1
        plan = json.loads(planc(binary, folder, "explain", digest, "--format", "json"))
        for text in validate(downgraded(plan)):
            why = next((why for pattern, why in ALLOWED.items() if re.search(pattern, text)), None)
            messages[text if why is None else why] = messages.get(text if why is None else why, 0) + 1
            if why is None:
                failures.append(f"{name}: validator: {text}")
        path = folder / ".planc/cache/cas" / digest[:2] / digest
        for text in explained(arguments.explain, path):
            why = next((why for pattern, why in UNSHOWN.items() if re.search(pattern, text)), None)
            messages[text if why is None else why] = messages.get(text if why is None else why, 0) + 1
            if why is None:
                failures.append(f"{name}: substrait-explain: {text}")
        file = folder / f"second_{name}.parquet"
        planc(binary, folder, "run", f"second_{name}", "--format", "parquet", "--output", str(file))
        wanted = parquet.read_table(file)
        try:
            logical = Consumer.from_substrait_plan(context, Serde.deserialize_bytes(path.read_bytes()))
            frame = context.create_dataframe_from_logical_plan(logical)
            found = frame.to_arrow_table()
        except BaseException as why:  # the bindings raise their own kinds
            failures.append(f"{name}: DataFusion for Python: {why}")
            continue
        if wanted.column_names != found.column_names:
            failures.append(f"{name}: columns {wanted.column_names} and {found.column_names}")
        left, right = rows(wanted), rows(found)
        if "order by" not in sql or "over (" in sql:
            left, right = sorted(left), sorted(right)
        if left != right:
            failures.append(f"{name}: rows differ: {left[:3]} and {right[:3]}")
    print(f"{portable} of {len(RULES)} rules are portable")
    for text, count in sorted(messages.items()):
        print(f"  a message, {count} times: {text}")
    print("\n".join(failures) or "all portable artifacts give the same rows")
    return 1 if failures else 0


def explained(binary, path):
    """What substrait-explain cannot show of an artifact."""
    if not binary:
        return
    command = [binary, "convert", "--input", str(path), "--from", "proto", "--to", "text"]
    shown = subprocess.run(command, capture_output=True, text=True)
    if shown.returncode or "=== Plan" not in shown.stdout:
        yield "no plan is shown"
    for line in shown.stderr.splitlines():
        if line.strip() and not line.startswith("Formatting issues"):
            yield line.strip()


def validate(plan):
    """The validator's findings of level warning and above."""
    import substrait_validator as validator
    from google.protobuf import json_format

    older_plan = json_format.ParseDict(plan, validator.Plan(), ignore_unknown_fields=True)
    for diagnostic in validator.plan_to_diagnostics(older_plan, validator.Config()):
        if diagnostic.adjusted_level > 1:
            yield diagnostic.msg


if __name__ == "__main__":
    sys.exit(main())
