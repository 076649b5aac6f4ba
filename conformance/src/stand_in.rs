//! Data for tables whose files the suite's package does not ship: rows made up from the
//! declared schema, always the same ones for the same path.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::{CreateExternalTable, Expr};

const ROWS: usize = 100;

/// Writes the file that the statement reads, where it is CSV with declared columns and there
/// is none. Another table may declare the same file with other columns: each gets its own.
pub fn provide(create: &CreateExternalTable) -> std::io::Result<Option<CreateExternalTable>> {
    let location = create.locations.first().cloned().unwrap_or_default();
    let is_csv = create.file_type.eq_ignore_ascii_case("csv");
    let unknown = create.schema.fields().is_empty();
    if !is_csv || unknown || location.contains("scratch") || location.contains("://") {
        return Ok(None);
    }
    if Path::new(&location).exists() {
        return Ok(None);
    }
    let mut hasher = DefaultHasher::new();
    (&location, create.schema.fields().len(), order(create)).hash(&mut hasher);
    let seed = hasher.finish();
    let file = format!("data/stand_in_{seed:016x}.csv");
    if !Path::new(&file).exists() {
        std::fs::write(&file, text(create, seed))?;
    }
    Ok(Some(CreateExternalTable { locations: vec![file], ..create.clone() }))
}

/// The first column of every declared order, and whether it ascends: it has no ties.
fn order(create: &CreateExternalTable) -> Vec<(String, bool)> {
    let first = create.order_exprs.iter().filter_map(|order| order.first());
    first
        .filter_map(|sort| match &sort.expr {
            Expr::Column(column) => Some((column.name.clone(), sort.asc)),
            _ => None,
        })
        .collect()
}

fn text(create: &CreateExternalTable, seed: u64) -> String {
    let option = |name: &str| {
        let options = create.options.iter();
        let mut found = options.filter(|(key, _)| key.to_lowercase().ends_with(name));
        found.next().map(|(_, value)| value.clone())
    };
    let delimiter = option("delimiter").filter(|text| !text.is_empty());
    let delimiter = delimiter.unwrap_or_else(|| ",".to_owned());
    let header = option("has_header").is_none_or(|value| value.eq_ignore_ascii_case("true"));
    let schema: &DFSchema = &create.schema;
    let ordered = order(create);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut text = String::new();
    if header {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        text += &names.join(&delimiter);
        text.push('\n');
    }
    for row in 0..ROWS {
        for (place, field) in schema.fields().iter().enumerate() {
            if place > 0 {
                text += &delimiter;
            }
            let rank = ordered.iter().find(|(name, _)| name == field.name());
            let rank = rank.map(|(_, ascends)| if *ascends { row } else { ROWS - 1 - row });
            if rank.is_none() && field.is_nullable() && random.u8(..10) == 0 {
                continue;
            }
            // Writing to a string cannot fail.
            let _ = value(&mut text, field.data_type(), rank, &mut random);
        }
        text.push('\n');
    }
    text
}

fn value(
    text: &mut String,
    data_type: &DataType,
    rank: Option<usize>,
    random: &mut fastrand::Rng,
) -> std::fmt::Result {
    // Few values, so that groups and joins have something to do.
    let small = rank.unwrap_or_else(|| random.usize(..25));
    match data_type {
        // The suite orders by the columns of these types where it wants no ties.
        DataType::UInt32 | DataType::UInt64 if rank.is_none() => {
            write!(text, "{}", random.u32(1..))
        }
        DataType::Boolean => write!(text, "{}", small.is_multiple_of(2)),
        DataType::Float32 | DataType::Float64 => write!(text, "{small}.{}", small % 4 * 25),
        DataType::Decimal128(_, scale) if *scale > 0 => write!(text, "{small}.{}", small % 9),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let letter = char::from(b'a' + (small % 26) as u8);
            match rank {
                Some(rank) => write!(text, "{rank:03}"),
                None => write!(text, "{letter}"),
            }
        }
        DataType::Date32 | DataType::Date64 => {
            write!(text, "20{:02}-0{}-1{}", 10 + small / 10, 1 + small % 9, small % 10)
        }
        DataType::Timestamp(..) => {
            write!(text, "2020-01-01T{:02}:{:02}:00", small / 60, small % 60)
        }
        _ => write!(text, "{small}"),
    }
}
