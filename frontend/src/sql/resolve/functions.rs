//! The functions that a call can name.

use datafusion::execution::context::SessionState;
use planc_ir::suggest::{did_you_mean, nearest};

/// Names that the planner reads itself, without a registered function.
const BUILT_IN: [&str; 4] = ["map", "make_map", "unnest", "unnest_outer"];

/// The functions of a session.
pub(super) struct Functions<'a> {
    state: &'a SessionState,
}

/// What is wrong with the name of a call.
pub(super) enum Unknown {
    /// No function of any kind has it; a question for the nearest one, if one is near.
    Name(Option<String>),
    /// Another system's name; what DataFusion has that does the same or more.
    Foreign(String),
    /// A window function that is called without OVER.
    NeedsOver,
    /// A scalar function is no window function.
    NoWindow,
    /// A table function in an expression.
    TableFunction,
}

impl<'a> Functions<'a> {
    pub(super) fn new(state: &'a SessionState) -> Self {
        Functions { state }
    }

    /// What is wrong with calling `name`, if anything is.
    pub(super) fn check_call(&self, name: &str, over: bool) -> Result<(), Unknown> {
        let scalar = self.state.scalar_functions().contains_key(name)
            || self.state.higher_order_functions().contains_key(name)
            || BUILT_IN.contains(&name);
        let aggregate = self.state.aggregate_functions().contains_key(name);
        let window = self.state.window_functions().contains_key(name);
        match () {
            // DataFusion takes the scalar function and drops the OVER; it is the judge.
            () if scalar || aggregate || (window && over) => Ok(()),
            () if window => Err(Unknown::NeedsOver),
            () if self.state.table_functions().contains_key(name) && !over => {
                Err(Unknown::TableFunction)
            }
            () if over && scalar => Err(Unknown::NoWindow),
            () => Err(self.nearest_call(name)),
        }
    }

    /// What is wrong with reading from the table function `name`.
    pub(super) fn check_table_function(&self, name: &str) -> Result<(), Option<String>> {
        let known = self.state.table_functions();
        if known.contains_key(name) {
            return Ok(());
        }
        let mut names: Vec<&str> = known.keys().map(String::as_str).collect();
        names.push("unnest");
        names.sort_unstable();
        Err(nearest(name, names).map(str::to_owned))
    }

    fn nearest_call(&self, name: &str) -> Unknown {
        let scalar = self.state.scalar_functions().keys();
        let higher_order = self.state.higher_order_functions().keys();
        let aggregate = self.state.aggregate_functions().keys();
        let window = self.state.window_functions().keys();
        let mut names: Vec<&str> =
            scalar.chain(higher_order).chain(aggregate).chain(window).map(String::as_str).collect();
        // The maps have no order, and ties go to the first.
        names.sort_unstable();
        names.dedup();
        match foreign(name).filter(|known| names.binary_search(known).is_ok()) {
            Some(known) => Unknown::Foreign(known.to_owned()),
            None => Unknown::Name(did_you_mean(name, names.iter().copied())),
        }
    }
}

/// What DataFusion calls a function that other systems know by a name far from its own.
fn foreign(name: &str) -> Option<&'static str> {
    Some(match name {
        "ifnull" | "isnull" | "nvl" => "coalesce",
        "len" | "datalength" => "length",
        "getdate" | "sysdate" | "current_datetime" => "now",
        "year" | "month" | "day" | "hour" | "minute" | "quarter" | "week" => "date_part",
        "group_concat" | "listagg" => "string_agg",
        "collect_list" | "array_concat_agg" => "array_agg",
        "ucase" => "upper",
        "lcase" => "lower",
        "charindex" | "locate" => "strpos",
        "dateadd" | "date_add" | "datediff" | "date_diff" => "date_part",
        "approx_count_distinct" => "approx_distinct",
        "stddev_samp" => "stddev",
        "rand" => "random",
        "percentile" => "percentile_cont",
        _ => return None,
    })
}
