//! Calls: which function is meant, its arguments and options.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::Expr;
use planc_ir::code;
use substrait::proto::expression::ScalarFunction as ScalarCall;
use substrait::proto::function_argument::ArgType;
use substrait::proto::{Expression, FunctionArgument, FunctionOption};

use super::Lowering;
use crate::substrait::decode::{Declared, Home};
use crate::substrait::fault::{Fault, Result, invalid, unsupported};

/// An argument of a call.
#[derive(Debug, Clone)]
pub(super) enum Argument {
    Value(Expr),
    /// A member of an enumeration, in upper case.
    Enum(String),
}

/// A call of a declared function.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) home: Home,
    /// The name without its signature, in lower case.
    pub(super) name: String,
    signature: Option<String>,
    pub(super) arguments: Vec<Argument>,
    /// The options, and what is preferred in each.
    options: Vec<(String, Vec<String>)>,
    /// The type that the plan says.
    pub(super) wanted: Option<DataType>,
}

impl Call {
    pub(super) fn new(
        declared: &Declared,
        arguments: Vec<Argument>,
        options: &[FunctionOption],
    ) -> Result<Self> {
        if let Home::Foreign(uri) = &declared.home {
            let message = format!("the plan uses the function {} of {uri}", declared.name);
            return Err(Fault::new(code::UNKNOWN_EXTENSION, message)
                .help("write the plan with functions of Substrait's own extensions"));
        }
        Ok(Call {
            home: declared.home.clone(),
            name: declared.name.to_ascii_lowercase(),
            signature: declared.signature.clone(),
            arguments,
            options: options
                .iter()
                .map(|option| (option.name.to_ascii_lowercase(), option.preference.clone()))
                .collect(),
            wanted: None,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.arguments.is_empty()
    }

    /// All arguments, which must be values.
    pub(super) fn all_values(&self) -> Result<Vec<Expr>> {
        let values = self.arguments.iter().map(|argument| match argument {
            Argument::Value(value) => Ok(value.clone()),
            Argument::Enum(name) => {
                Err(unsupported(format_args!("{} has an enumeration argument {name}", self.name)))
            }
        });
        values.collect()
    }

    /// The first member that is preferred in an option, of those that planc has.
    pub(super) fn option(&self, name: &str, done: &[&'static str]) -> Option<&'static str> {
        let (_, preference) = self.options.iter().find(|(given, _)| given == name)?;
        preference.iter().find_map(|wanted| done.iter().copied().find(|done| done == wanted))
    }

    /// Refuses options that planc does not know, or that ask for what DataFusion does not do.
    pub(super) fn only_options(&self, known: &[(&str, &[&str])]) -> Result<()> {
        for (name, preference) in &self.options {
            let done = known.iter().find(|(known, _)| known == name).map(|(_, done)| done);
            let fits = preference.is_empty()
                || done.is_some_and(|done| {
                    preference.iter().any(|wanted| done.iter().any(|d| d == wanted))
                });
            if !fits {
                return Err(unsupported(format_args!(
                    "{} is wanted with {name} = {}, which DataFusion does not do",
                    self.name,
                    preference.join(" or ")
                )));
            }
        }
        Ok(())
    }

    /// planc has no function for it.
    pub(super) fn unknown(&self) -> Fault {
        let name = match &self.signature {
            Some(signature) => format!("{}:{signature}", self.name),
            None => self.name.clone(),
        };
        let message = format!("planc has no function with the meaning of {name}");
        Fault::new(code::UNKNOWN_EXTENSION, message)
            .help("say it with other functions, or use the SQL lane: `lane = \"sql\"`")
    }

    pub(super) fn arity(&self) -> Fault {
        let message = format!("{} has {} arguments", self.name, self.arguments.len());
        Fault::new(code::FUNCTION_ARGUMENTS, message)
    }
}

impl Lowering<'_> {
    pub(super) fn declared(&self, reference: u32) -> Result<Declared> {
        let declared = self.source.functions.get(&reference).cloned();
        declared.ok_or_else(|| invalid(format_args!("no function has the anchor {reference}")))
    }

    pub(super) fn arguments(
        &mut self,
        arguments: &[FunctionArgument],
        old: &[Expression],
        schema: &DFSchema,
    ) -> Result<Vec<Argument>> {
        let mut lowered = Vec::with_capacity(arguments.len() + old.len());
        for argument in arguments {
            lowered.push(match &argument.arg_type {
                Some(ArgType::Value(value)) => Argument::Value(self.expression(value, schema)?),
                Some(ArgType::Enum(name)) => Argument::Enum(name.to_ascii_uppercase()),
                Some(ArgType::Type(_)) => return Err(unsupported("a type as an argument")),
                None => return Err(invalid("an argument says nothing")),
            });
        }
        if arguments.is_empty() {
            for value in old {
                lowered.push(Argument::Value(self.expression(value, schema)?));
            }
        }
        Ok(lowered)
    }

    pub(super) fn scalar_call(&mut self, call: &ScalarCall, schema: &DFSchema) -> Result<Expr> {
        #[allow(deprecated, reason = "plans of older producers use them")]
        let arguments = self.arguments(&call.arguments, &call.args, schema)?;
        let declared = self.declared(call.function_reference)?;
        let mut meant = Call::new(&declared, arguments, &call.options)?;
        let wanted = call.output_type.as_ref().map(|t| self.data_type(t)).transpose()?;
        meant.wanted = wanted.map(|(data_type, _)| data_type);
        self.step(declared.name.clone(), |l| {
            let expr = l.scalar(meant, schema)?;
            // DataFusion must take these arguments.
            super::type_of(&expr, schema).map_err(|fault| {
                Fault::new(code::FUNCTION_ARGUMENTS, fault.at(&Default::default()).message)
            })?;
            Ok(expr)
        })
    }
}

/// The value of an integer that is literally there, through casts.
pub(super) fn constant(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::Int8(Some(v)), _) => Some(i64::from(*v)),
        Expr::Literal(ScalarValue::Int16(Some(v)), _) => Some(i64::from(*v)),
        Expr::Literal(ScalarValue::Int32(Some(v)), _) => Some(i64::from(*v)),
        Expr::Literal(ScalarValue::Int64(Some(v)), _) => Some(*v),
        Expr::Cast(cast) => constant(&cast.expr),
        Expr::Negative(inner) => constant(inner)?.checked_neg(),
        _ => None,
    }
}

/// The text that is literally there, through casts.
pub(super) fn constant_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Some(text),
        Expr::Cast(cast) => constant_text(&cast.expr),
        _ => None,
    }
}
