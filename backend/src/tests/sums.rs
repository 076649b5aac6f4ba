//! Sums of decimals beside a DISTINCT, wherever they stand in a query, have the planned type.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array};
use arrow::datatypes::DataType;

use super::{bind, of, plan, run_plan, session, shown, text};
use crate::Source;

fn source() -> Source {
    let amounts = Decimal128Array::from_iter_values([100, 250, -75, 1]);
    let rows = of([
        ("g", text(&["a", "a", "b", "b"])),
        ("id", Arc::new(Int64Array::from(vec![1, 1, 2, 3])) as ArrayRef),
        ("amount", Arc::new(amounts.with_precision_and_scale(12, 2).unwrap())),
    ]);
    let table = datafusion::datasource::MemTable::try_new(rows.schema(), vec![vec![rows]]);
    Source::of(Arc::new(table.unwrap()))
}

#[tokio::test]
async fn sums_beside_a_distinct_keep_their_type_everywhere() {
    let source = source();
    let sums = "select g, sum(amount) as total, count(distinct id) as n from t group by g";
    let type_of = |precision| DataType::Decimal128(precision, 2);
    for (sql, rows, data_type) in [
        (sums.to_owned(), vec!["a,3.50,1", "b,-0.74,2"], type_of(22)),
        (
            format!("select x.g, x.total, y.id from ({sums}) x join t y on x.g = y.g"),
            vec!["a,3.50,1", "a,3.50,1", "b,-0.74,2", "b,-0.74,3"],
            type_of(22),
        ),
        (
            format!(
                "select g, total, n from ({sums})
                 union all select g, cast(amount as decimal(22, 2)), 0 from t"
            ),
            vec!["a,1.00,0", "a,2.50,0", "a,3.50,1", "b,-0.74,2", "b,-0.75,0", "b,0.01,0"],
            type_of(22),
        ),
        (
            format!("select g, sum(total) over (), n from ({sums})"),
            vec!["a,2.76,1", "b,2.76,2"],
            type_of(32),
        ),
        (
            "select upper(g), sum(amount) + 1, count(distinct id) from t group by upper(g)
             having sum(amount) > (select sum(amount) / 10 from t having count(distinct id) = 3)"
                .to_owned(),
            vec!["A,4.50,1"],
            type_of(23),
        ),
        (
            "select sum(distinct amount), sum(amount), min(amount) from t".to_owned(),
            vec!["2.76,2.76,-0.75"],
            type_of(22),
        ),
    ] {
        let plan = plan(&sql, &[("t", Arc::clone(&source.schema))]).await;
        let found = run_plan(&session(), &plan, &bind(&[("t", &source)])).await.unwrap();
        assert_eq!(shown(&found), rows, "{sql}");
        let decimals = found
            .schema()
            .fields()
            .iter()
            .position(|field| matches!(field.data_type(), DataType::Decimal128(_, _)));
        let schema = found.schema();
        assert_eq!(schema.field(decimals.unwrap()).data_type(), &data_type, "{sql}");
    }
}
