//! The functions that Ibis's DataFusion backend brings along, written in Python there. They are
//! known to the planner only: each call is rewritten before the plan goes on.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, plan_err};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Names, numbers of arguments and results.
const FUNCTIONS: [(&str, usize, Returns); 16] = [
    ("sign", 1, Returns::Float),
    ("extract_minute_timestamp", 1, Returns::Integer),
    ("extract_second_timestamp", 1, Returns::Integer),
    ("extract_millisecond_timestamp", 1, Returns::Integer),
    ("extract_microsecond", 1, Returns::Integer),
    ("extract_epoch_seconds_timestamp", 1, Returns::Integer),
    ("extract_epoch_seconds_date", 1, Returns::Integer),
    ("extract_hour_time", 1, Returns::Integer),
    ("extract_minute_time", 1, Returns::Integer),
    ("extract_second_time", 1, Returns::Integer),
    ("extract_millisecond_time", 1, Returns::Integer),
    ("extract_query", 1, Returns::Text),
    ("extract_query_param", 2, Returns::Text),
    ("extract_user_info", 1, Returns::Text),
    ("extract_url_field", 2, Returns::Text),
    ("regex_split", 2, Returns::Texts),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Returns {
    Integer,
    Float,
    Text,
    Texts,
}

/// The state with these functions, as far as it has none of their names.
pub(super) fn with_functions(state: &SessionState) -> SessionState {
    let mut state = state.clone();
    for (name, arguments, returns) in FUNCTIONS {
        if !state.scalar_functions().contains_key(name) {
            let signature = Signature::any(arguments, Volatility::Immutable);
            let function = ScalarUDF::from(Brought { name, signature, returns });
            // It fails for no function that is not there.
            let _ = state.register_udf(Arc::new(function));
        }
    }
    state
}

/// Whether a function is one of these.
pub(super) fn is_brought(function: &ScalarUDF) -> bool {
    FUNCTIONS.iter().any(|(name, ..)| *name == function.name())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Brought {
    name: &'static str,
    signature: Signature,
    returns: Returns,
}

impl ScalarUDFImpl for Brought {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(match self.returns {
            Returns::Integer => DataType::Int32,
            Returns::Float => DataType::Float64,
            Returns::Text => DataType::Utf8,
            Returns::Texts => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
        })
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        plan_err!("{} is a function of Ibis's, and planc has none of this name", self.name)
    }
}
