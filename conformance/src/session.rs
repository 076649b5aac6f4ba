//! The session that a file of the suite runs in, with the tables that it takes for granted.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, DictionaryArray, Float64Array, Int32Array, LargeBinaryArray,
    LargeStringArray, RecordBatch, StringArray, StructArray, TimestampNanosecondArray, UInt32Array,
    UnionArray,
};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, TimeUnit, UnionFields};
use datafusion::catalog::{
    CatalogProvider, MemTable, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider,
};
use datafusion::common::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::sqlparser::ast;

/// The context for a file of the suite, by the file's name.
pub fn context(file: &str) -> Result<SessionContext> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let config = SessionConfig::new().with_target_partitions(4);
    let mut builder = SessionStateBuilder::new().with_config(config).with_default_features();
    if name == "cast_extension_type_metadata.slt" {
        builder = builder.with_type_planner(Arc::new(UuidType));
    }
    let mut state = builder.build();
    planc_ir::table_function::record_calls(&mut state);
    let mut context = SessionContext::new_with_state(state);
    match name {
        "cte.slt" => strict_schema(&context)?,
        "information_schema_columns.slt" | "joins.slt" => many_types(&context)?,
        "map.slt" => empty_map(&context)?,
        "dynamic_file.slt" => context = context.enable_url_table(),
        "metadata.slt" | "arrow_field.slt" => metadata(&context)?,
        "union_function.slt" => {
            let ids = [3, 1, 3, 3, 1, 3];
            let ints = Int32Array::from(vec![7, 0, 8, 9, 0, 7]);
            let texts = StringArray::from(vec!["", "x", "", "", "y", ""]);
            let fields = [("int", 3, DataType::Int32), ("string", 1, DataType::Utf8)];
            let column = union(&fields, &ids, vec![Arc::new(ints), Arc::new(texts)])?;
            context.register_batch("union_table", batch(vec![("union_column", column)])?)?;
        }
        "aggregate.slt" => {
            let ids = [0, 0, 1, 1];
            let ints = Int32Array::from(vec![Some(4), Some(4), None, None]);
            let texts = StringArray::from(vec![None, None, Some("p"), Some("q")]);
            let fields = [("i", 0, DataType::Int32), ("s", 1, DataType::Utf8)];
            let column = union(&fields, &ids, vec![Arc::new(ints), Arc::new(texts)])?;
            let groups: ArrayRef = Arc::new(Int32Array::from(vec![1, 1, 2, 2]));
            let rows = batch(vec![("g", groups), ("u", column)])?;
            context.register_batch("approx_distinct_union_test", rows)?;
        }
        "dictionary_struct.slt" => dictionaries(&context)?,
        _ => {}
    }
    Ok(context)
}

/// SQL's UUID as an extension type.
#[derive(Debug)]
struct UuidType;

impl TypePlanner for UuidType {
    fn plan_type_field(&self, sql_type: &ast::DataType) -> Result<Option<FieldRef>> {
        let ast::DataType::Uuid = sql_type else { return Ok(None) };
        let uuid = Field::new("", DataType::FixedSizeBinary(16), true);
        Ok(Some(Arc::new(tagged(uuid, "ARROW:extension:name", "arrow.uuid"))))
    }
}

fn tagged(field: Field, key: &str, value: &str) -> Field {
    field.with_metadata(HashMap::from([(key.to_owned(), value.to_owned())]))
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch> {
    Ok(RecordBatch::try_from_iter(columns)?)
}

fn strict_schema(context: &SessionContext) -> Result<()> {
    let ids: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    let rows = batch(vec![("order_id", ids)])?;
    let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
    let schema = MemorySchemaProvider::new();
    schema.register_table("orders".to_owned(), Arc::new(table))?;
    if let Some(catalog) = context.catalog("datafusion") {
        catalog.register_schema("strict_schema", Arc::new(schema))?;
    }
    Ok(())
}

fn many_types(context: &SessionContext) -> Result<()> {
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema("my_schema", Arc::new(MemorySchemaProvider::new()))?;
    context.register_catalog("my_catalog", Arc::new(catalog));
    let rows = batch(vec![
        ("int32_col", Arc::new(Int32Array::from(vec![1]))),
        ("float64_col", Arc::new(Float64Array::from(vec![Some(1.0)]))),
        ("utf8_col", Arc::new(StringArray::from(vec![Some("foo")]))),
        ("large_utf8_col", Arc::new(LargeStringArray::from(vec!["bar"]))),
        ("binary_col", Arc::new(BinaryArray::from(vec![b"foo" as &[u8]]))),
        ("large_binary_col", Arc::new(LargeBinaryArray::from(vec![b"foo" as &[u8]]))),
        ("timestamp_nanos", Arc::new(TimestampNanosecondArray::from(vec![123]))),
    ])?;
    let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
    context.register_table("my_catalog.my_schema.table_with_many_types", Arc::new(table))?;
    let uints: ArrayRef = Arc::new(UInt32Array::from_iter_values(std::iter::repeat_n(0, 11)));
    let big: ArrayRef = Arc::new(arrow::array::UInt64Array::from_iter_values(0..11));
    let even: ArrayRef =
        Arc::new((0..11).map(|n| Some(n % 2 == 0)).collect::<arrow::array::BooleanArray>());
    let rows = batch(vec![("c1", uints), ("c2", big), ("c3", even)])?;
    context.register_batch("test_partition_table", rows)?;
    Ok(())
}

fn empty_map(context: &SessionContext) -> Result<()> {
    let entry =
        [Field::new("key", DataType::Int64, false), Field::new("value", DataType::Int64, true)];
    let entries = Field::new("entries", DataType::Struct(entry.into_iter().collect()), false);
    let schema = Schema::new(vec![
        Field::new("int_field", DataType::Int64, true),
        Field::new("map_field", DataType::Map(Arc::new(entries), false), true),
    ]);
    let table = MemTable::try_new(Arc::new(schema), vec![vec![]])?;
    context.register_table("table_with_map", Arc::new(table))?;
    Ok(())
}

fn metadata(context: &SessionContext) -> Result<()> {
    let key = "metadata_key";
    let timestamp = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let schema = Schema::new(vec![
        tagged(Field::new("id", DataType::Int32, true), key, "the id field"),
        tagged(Field::new("name", DataType::Utf8, true), key, "the name field"),
        tagged(Field::new("l_name", DataType::Utf8, true), key, "the l_name field"),
        tagged(Field::new("ts", timestamp, false), key, "ts non-nullable field"),
        tagged(Field::new("nonnull_name", DataType::Utf8, false), key, "the nonnull_name field"),
    ]);
    let of_schema = HashMap::from([(key.to_owned(), "the entire schema".to_owned())]);
    let rows = RecordBatch::try_new(
        Arc::new(schema.with_metadata(of_schema)),
        vec![
            Arc::new(Int32Array::from(vec![Some(1), None, Some(3)])),
            Arc::new(StringArray::from(vec![None, Some("bar"), Some("baz")])),
            Arc::new(StringArray::from(vec![None, Some("l_bar"), Some("l_baz")])),
            Arc::new(TimestampNanosecondArray::from(vec![1_599_572_549_190_855_123; 3])),
            Arc::new(StringArray::from(vec!["no_foo", "no_bar", "no_baz"])),
        ],
    )?;
    context.register_batch("table_with_metadata", rows)?;
    for (table, column, count, side) in
        [("larger_table", "a", 10, "left"), ("smaller_table", "b", 1, "right")]
    {
        let of_schema = HashMap::from([(key.to_owned(), side.to_owned())]);
        let schema = Schema::new(vec![Field::new(column, DataType::Int32, false)]);
        let values: ArrayRef = Arc::new(Int32Array::from_iter_values(1..=count));
        let schema = Arc::new(schema.with_metadata(of_schema));
        context.register_batch(table, RecordBatch::try_new(schema, vec![values])?)?;
    }
    Ok(())
}

fn union(fields: &[(&str, i8, DataType)], ids: &[i8], children: Vec<ArrayRef>) -> Result<ArrayRef> {
    let nullable = fields.first().is_some_and(|(_, id, _)| *id == 0);
    let members = fields.iter().map(|(name, _, kind)| Field::new(*name, kind.clone(), nullable));
    let members = UnionFields::try_new(fields.iter().map(|(_, id, _)| *id), members)?;
    let ids = ScalarBuffer::from(ids.to_vec());
    Ok(Arc::new(UnionArray::try_new(members, ids, None, children)?))
}

fn dictionaries(context: &SessionContext) -> Result<()> {
    let row = |names: Vec<&str>, ids: Vec<i32>| -> Result<ArrayRef> {
        let fields =
            [Field::new("name", DataType::Utf8, false), Field::new("id", DataType::Int32, false)];
        let columns: Vec<ArrayRef> =
            vec![Arc::new(StringArray::from(names)), Arc::new(Int32Array::from(ids))];
        Ok(Arc::new(StructArray::try_new(fields.into_iter().collect(), columns, None)?))
    };
    let values = row(vec!["Alice", "Bob", "Carol"], vec![1, 2, 3])?;
    let keys = UInt32Array::from(vec![0, 1, 2, 0, 1]);
    let plain = row(vec!["Alice", "Bob", "Carol", "Alice", "Bob"], vec![1, 2, 3, 1, 2])?;
    let encoded: ArrayRef = Arc::new(DictionaryArray::try_new(keys, values)?);
    let rows = batch(vec![("dict_struct", encoded), ("plain_struct", plain)])?;
    context.register_batch("dict_struct_table", rows)?;
    let values = row(vec!["X", "Y"], vec![10, 20])?;
    let keys = UInt32Array::from(vec![Some(0), None, Some(1), None]);
    let encoded: ArrayRef = Arc::new(DictionaryArray::try_new(keys, values)?);
    context.register_batch("dict_struct_nullable", batch(vec![("ds", encoded)])?)?;
    Ok(())
}
