//! Expressions as calls: `add($0, 1)`.

use substrait::proto::expression::cast::FailureBehavior;
use substrait::proto::expression::field_reference::{ReferenceType, RootType};
use substrait::proto::expression::literal::LiteralType as L;
use substrait::proto::expression::literal::user_defined::{TypeAnchorType, Val};
use substrait::proto::expression::reference_segment;
use substrait::proto::expression::subquery::SubqueryType;
use substrait::proto::expression::window_function::bound::Kind as BoundKind;
use substrait::proto::expression::window_function::{Bound, BoundsType};
use substrait::proto::expression::{FieldReference, Literal, RexType, WindowFunction};
use substrait::proto::function_argument::ArgType;
use substrait::proto::sort_field::{SortDirection, SortKind};
use substrait::proto::{
    AggregateFunction, Expression, FunctionArgument, FunctionOption, Rel, SortField,
    aggregate_function,
};

use super::Text;

impl Text {
    pub(super) fn list(&mut self, expressions: &[Expression]) -> String {
        let texts: Vec<String> = expressions.iter().map(|expr| self.expression(expr)).collect();
        texts.join(", ")
    }

    pub(super) fn optional(&mut self, expression: Option<&Expression>) -> String {
        expression.map_or_else(|| "missing".to_owned(), |expression| self.expression(expression))
    }

    pub(super) fn expression(&mut self, expression: &Expression) -> String {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.rex(expression))
    }

    fn rex(&mut self, expression: &Expression) -> String {
        match &expression.rex_type {
            Some(RexType::Literal(literal)) => self.literal(literal),
            Some(RexType::Selection(reference)) => self.reference(reference),
            Some(RexType::ScalarFunction(call)) => {
                let arguments = self.arguments(&call.arguments);
                self.called(call.function_reference, &arguments, &call.options)
            }
            Some(RexType::WindowFunction(call)) => self.window_call(call),
            Some(RexType::IfThen(case)) => {
                let mut text = "case".to_owned();
                for clause in &case.ifs {
                    let when = self.optional(clause.r#if.as_ref());
                    let then = self.optional(clause.then.as_ref());
                    text += &format!(" when {when} then {then}");
                }
                if let Some(default) = &case.r#else {
                    text += &format!(" else {}", self.expression(default));
                }
                text + " end"
            }
            Some(RexType::SwitchExpression(case)) => {
                let mut text = format!("switch {}", self.optional(case.r#match.as_deref()));
                for clause in &case.ifs {
                    let value = clause.r#if.as_ref().map_or(String::new(), |v| self.literal(v));
                    let then = self.optional(clause.then.as_ref());
                    text += &format!(" when {value} then {then}");
                }
                if let Some(default) = &case.r#else {
                    text += &format!(" else {}", self.expression(default));
                }
                text + " end"
            }
            Some(RexType::SingularOrList(list)) => {
                let value = self.optional(list.value.as_deref());
                format!("{value} in ({})", self.list(&list.options))
            }
            Some(RexType::Cast(cast)) => {
                let input = self.optional(cast.input.as_deref());
                let target = cast.r#type.as_ref().map_or(String::new(), |t| self.data_type(t));
                let try_cast = cast.failure_behavior == FailureBehavior::ReturnNull as i32;
                let name = if try_cast { "try_cast" } else { "cast" };
                format!("{name}({input} as {target})")
            }
            Some(RexType::Subquery(subquery)) => match &subquery.subquery_type {
                Some(SubqueryType::Scalar(scalar)) => self.query("scalar", scalar.input.as_deref()),
                Some(SubqueryType::SetPredicate(predicate)) => {
                    self.query("exists", predicate.tuples.as_deref())
                }
                Some(SubqueryType::InPredicate(predicate)) => {
                    let needles = self.list(&predicate.needles);
                    self.query(&format!("{needles} in"), predicate.haystack.as_deref())
                }
                Some(SubqueryType::SetComparison(comparison)) => {
                    let left = self.optional(comparison.left.as_deref());
                    let (op, reduction) = (comparison.comparison_op, comparison.reduction_op);
                    let name = format!("{left} compared {op} {reduction}");
                    self.query(&name, comparison.right.as_deref())
                }
                None => "nothing".to_owned(),
            },
            Some(RexType::DynamicParameter(parameter)) => {
                let target = parameter.r#type.as_ref().map_or(String::new(), |t| self.data_type(t));
                format!("parameter {} {target}", parameter.parameter_reference)
            }
            #[allow(deprecated, reason = "it is what stand-ins use")]
            Some(RexType::Enum(value)) => {
                use substrait::proto::expression::r#enum::EnumKind;
                let Some(EnumKind::Specified(number)) = &value.enum_kind else {
                    return "enum".to_owned();
                };
                match self.pieces.take::<Expression>(number) {
                    Some(piece) => self.expression(&piece),
                    None => format!("enum {number}"),
                }
            }
            Some(RexType::Lambda(lambda)) => {
                let types = lambda.parameters.as_ref().map_or(&[][..], |row| row.types.as_slice());
                let types: Vec<String> = types.iter().map(|t| self.data_type(t)).collect();
                format!("lambda({}) -> {}", types.join(", "), self.optional(lambda.body.as_deref()))
            }
            Some(_) => "an expression that planc does not know".to_owned(),
            None => "nothing".to_owned(),
        }
    }

    /// A subquery stands in lines of its own, within braces.
    fn query(&mut self, name: &str, relation: Option<&Rel>) -> String {
        let before = std::mem::take(&mut self.out);
        self.depth += 1;
        self.inner(relation);
        self.depth -= 1;
        let inner = std::mem::replace(&mut self.out, before);
        let indent = self.depth * 2;
        format!("{name} {{\n{inner}{:indent$}}}", "")
    }

    fn reference(&self, reference: &FieldReference) -> String {
        let mut text = match &reference.root_type {
            Some(RootType::OuterReference(outer)) => format!("outer[{}]", outer.steps_out),
            Some(RootType::LambdaParameterReference(lambda)) => {
                format!("lambda[{}]", lambda.steps_out)
            }
            Some(RootType::Expression(_)) => "expression".to_owned(),
            Some(RootType::RootReference(_)) | None => String::new(),
        };
        let Some(ReferenceType::DirectReference(segment)) = &reference.reference_type else {
            return text + "masked";
        };
        let mut segment = Some(segment);
        while let Some(current) = segment {
            use reference_segment::ReferenceType as R;
            segment = match &current.reference_type {
                Some(R::StructField(field)) => {
                    text += &format!("${}", field.field);
                    field.child.as_deref()
                }
                Some(R::ListElement(element)) => {
                    text += &format!("[{}]", element.offset);
                    element.child.as_deref()
                }
                Some(R::MapKey(key)) => {
                    text += "[key]";
                    key.child.as_deref()
                }
                None => None,
            };
        }
        text
    }

    pub(super) fn sorts(&mut self, sorts: &[SortField]) -> String {
        let sort = |sort: &SortField| {
            let expr = self.optional(sort.expr.as_ref());
            let direction = match sort.sort_kind {
                Some(SortKind::Direction(direction)) => {
                    SortDirection::try_from(direction).map_or("?".to_owned(), |direction| {
                        let name = direction.as_str_name().trim_start_matches("SORT_DIRECTION_");
                        name.to_lowercase().replace('_', " ")
                    })
                }
                Some(SortKind::ComparisonFunctionReference(at)) => format!("by function {at}"),
                None => "?".to_owned(),
            };
            format!("{expr} {direction}")
        };
        sorts.iter().map(sort).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn aggregate_call(&mut self, call: &AggregateFunction) -> String {
        let mut arguments = self.arguments(&call.arguments);
        if call.invocation == aggregate_function::AggregationInvocation::Distinct as i32 {
            arguments = format!("distinct {arguments}");
        }
        if !call.sorts.is_empty() {
            arguments += &format!(" order by {}", self.sorts(&call.sorts));
        }
        self.called(call.function_reference, &arguments, &call.options)
    }

    fn window_call(&mut self, call: &WindowFunction) -> String {
        let mut arguments = self.arguments(&call.arguments);
        if call.invocation == aggregate_function::AggregationInvocation::Distinct as i32 {
            arguments = format!("distinct {arguments}");
        }
        let name = self.called(call.function_reference, &arguments, &call.options);
        let partitions = self.list(&call.partitions);
        let sorts = self.sorts(&call.sorts);
        let units = BoundsType::try_from(call.bounds_type).map_or("?", |units| units.as_str_name());
        let units = units.trim_start_matches("BOUNDS_TYPE_").to_lowercase();
        let lower = bound(call.lower_bound.as_ref());
        let upper = bound(call.upper_bound.as_ref());
        format!("{name} over (by [{partitions}] sort [{sorts}] {units} {lower} to {upper})")
    }

    fn arguments(&mut self, arguments: &[FunctionArgument]) -> String {
        let argument = |argument: &FunctionArgument| match &argument.arg_type {
            Some(ArgType::Value(value)) => self.expression(value),
            Some(ArgType::Type(t)) => self.data_type(t),
            Some(ArgType::Enum(name)) => name.clone(),
            None => "nothing".to_owned(),
        };
        arguments.iter().map(argument).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn called(
        &self,
        anchor: u32,
        arguments: &str,
        options: &[FunctionOption],
    ) -> String {
        let name = self.functions.get(&anchor).map(|name| name.split(':').next().unwrap_or(name));
        let name = name.map_or_else(|| format!("function {anchor}"), str::to_owned);
        let options = options.iter().map(|o| format!(" {}={}", o.name, o.preference.join("|")));
        format!("{name}({arguments}{})", options.collect::<String>())
    }

    fn literal(&self, literal: &Literal) -> String {
        match &literal.literal_type {
            Some(L::Boolean(v)) => v.to_string(),
            Some(L::I8(v) | L::I16(v) | L::I32(v)) => v.to_string(),
            Some(L::I64(v)) => v.to_string(),
            Some(L::Fp32(v)) => format!("{v:?}"),
            Some(L::Fp64(v)) => format!("{v:?}"),
            Some(L::String(v)) => format!("{v:?}"),
            Some(L::Binary(v) | L::FixedBinary(v)) => {
                let hex: String = v.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("0x{hex}")
            }
            Some(L::Date(v)) => format!("date {v}"),
            Some(L::Decimal(v)) => match <[u8; 16]>::try_from(v.value.as_slice()) {
                Ok(value) => format!("{}e-{}", i128::from_le_bytes(value), v.scale),
                Err(_) => "a decimal".to_owned(),
            },
            Some(L::PrecisionTime(v)) => format!("time {}e-{}", v.value, v.precision),
            Some(L::PrecisionTimestamp(v)) => format!("timestamp {}e-{}", v.value, v.precision),
            Some(L::PrecisionTimestampTz(v)) => {
                format!("timestamp_tz {}e-{}", v.value, v.precision)
            }
            Some(L::Null(t)) => format!("null as {}", self.data_type(t)),
            Some(L::List(list)) => format!("[{}]", self.literals(&list.values)),
            Some(L::Struct(row)) => format!("({})", self.literals(&row.fields)),
            Some(L::EmptyList(_)) => "[]".to_owned(),
            Some(L::Map(map)) => {
                let pairs = map.key_values.iter().map(|pair| {
                    let text =
                        |v: &Option<Literal>| v.as_ref().map_or(String::new(), |v| self.literal(v));
                    format!("{}: {}", text(&pair.key), text(&pair.value))
                });
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
            }
            Some(L::UserDefined(value)) => {
                let own = match value.type_anchor_type {
                    Some(TypeAnchorType::TypeReference(at)) => {
                        self.own_type(at, &value.type_parameters)
                    }
                    _ => "?".to_owned(),
                };
                let values = match &value.val {
                    Some(Val::Struct(row)) => self.literals(&row.fields),
                    _ => "?".to_owned(),
                };
                format!("({values} as {own})")
            }
            Some(other) => format!("{other:?}"),
            None => "nothing".to_owned(),
        }
    }

    fn literals(&self, literals: &[Literal]) -> String {
        literals.iter().map(|literal| self.literal(literal)).collect::<Vec<_>>().join(", ")
    }
}

fn bound(bound: Option<&Bound>) -> String {
    match bound.and_then(|bound| bound.kind.as_ref()) {
        Some(BoundKind::Preceding(b)) => format!("{} preceding", b.offset),
        Some(BoundKind::Following(b)) => format!("{} following", b.offset),
        Some(BoundKind::CurrentRow(_)) => "current row".to_owned(),
        Some(BoundKind::Unbounded(_)) | None => "unbounded".to_owned(),
    }
}
