"""Makes the plans in `tpch` anew, with DuckDB's own producer.

    python -m venv duck && duck/bin/pip install duckdb-extension-substrait==1.1.3
    duck/bin/python make.py DATA         DATA has a folder of Parquet files for each TPC-H table

What DuckDB cannot write is left out. The optimizer looks at the rows, so they must be those that
the plans are run on (`planc init --demo` makes them).
"""

import glob
import sys
from pathlib import Path

import duckdb
import duckdb_extension_substrait

HERE = Path(__file__).parent
TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]


def main() -> None:
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    package = Path(duckdb_extension_substrait.__file__).parent
    extension = next(package.glob("**/*.duckdb_extension"))
    connection.execute(f"INSTALL '{extension}'")
    connection.execute("LOAD substrait")
    for table in TABLES:
        files = glob.glob(f"{sys.argv[1]}/{table}/**/*.parquet", recursive=True)
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM read_parquet({files})")
    folder = HERE / "tpch"
    folder.mkdir(exist_ok=True)
    for query in sorted((HERE.parent / "tpch").glob("q*.sql")):
        sql = query.read_text().strip().rstrip(";")
        try:
            [(plan,)] = connection.execute("CALL get_substrait(?)", [sql]).fetchall()
        except duckdb.Error as error:
            print(f"{query.stem}: {str(error).splitlines()[0]}")
            continue
        (folder / f"{query.stem}.substrait").write_bytes(plan)


if __name__ == "__main__":
    main()
