//! Lists and maps.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{
    Case, HigherOrderFunction, Lambda, LambdaVariable, ScalarFunction,
};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, Operator};
use datafusion::prelude::lit;

use super::mend::{Around, Mender, arguments, case, integer};

impl Mender<'_> {
    pub(super) fn list(
        &mut self,
        call: &ScalarFunction,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let name = call.func.name();
        match (name, call.args.as_slice()) {
            ("array_sort", [list]) => {
                self.made("nulls come last in a sorted list");
                let args = vec![list.clone(), lit("ASC"), lit("NULLS LAST")];
                return self.call(name, args).map(Some);
            }
            ("array_sort", _) => return Ok(None),
            ("array_union" | "array_intersect", [left, right]) => {
                let found = left.get_type(around.schema)?;
                let alike = found == right.get_type(around.schema)?;
                if let DataType::List(item) = &found
                    && alike
                    && self.repeatable(&[left, right])
                {
                    let item = item.data_type().clone();
                    return match name {
                        "array_union" => self.union(left, right, &item),
                        _ => self.intersection(left, right, &item),
                    };
                }
                self.differs(name, "the lists are of different types");
            }
            ("array_position", _) => {
                self.differs(name, "null lists and elements are not found, and not null");
            }
            _ => self.differs(name, "it gives a list, and what is in it is asked for otherwise"),
        }
        Ok(None)
    }

    /// `CASE WHEN array_length(list) > 0 THEN array_to_string(list, separator) END`, where an empty
    /// list gives empty text.
    pub(super) fn joined_where_some(
        &mut self,
        case: &Case,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let otherwise = match case.else_expr.as_deref() {
            Some(Expr::Literal(value, _)) => value.is_null(),
            other => other.is_none(),
        };
        let ([(when, then)], None, true) = (case.when_then_expr.as_slice(), &case.expr, otherwise)
        else {
            return Ok(None);
        };
        let Expr::BinaryExpr(some) = when.as_ref() else { return Ok(None) };
        let positive = some.op == Operator::Gt && integer(&some.right) == Some(0);
        let (true, Some([counted]), Some([list, separator])) =
            (positive, arguments(&some.left, "array_length"), arguments(then, "array_to_string"))
        else {
            return Ok(None);
        };
        if counted != list {
            return Ok(None);
        }
        let args = vec![self.operand(list, around)?, self.operand(separator, around)?];
        match self.call("array_to_string", args)? {
            Expr::ScalarFunction(call) => self.joined(&call, around),
            _ => Ok(None),
        }
    }

    /// A list of nothing but nulls is null when it is joined to a text.
    pub(super) fn joined(
        &mut self,
        call: &ScalarFunction,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let name = call.func.name();
        let [list, _separator] = call.args.as_slice() else {
            self.differs(name, "nulls have a text of their own");
            return Ok(None);
        };
        let filter = self.state().higher_order_functions().get("array_filter").cloned();
        let (DataType::List(item), Some(filter)) = (list.get_type(around.schema)?, filter) else {
            self.differs(name, "a list of nothing but nulls gives empty text");
            return Ok(None);
        };
        if !self.repeatable(&[list]) {
            return Ok(None);
        }
        self.made("a list of nothing but nulls gives null as a text");
        let field = Arc::new(Field::new("x", item.data_type().clone(), true));
        let each = Expr::LambdaVariable(LambdaVariable::new("x".to_owned(), Some(field)));
        let kept = Expr::Lambda(Lambda::new(vec!["x".to_owned()], each.is_not_null()));
        let there = HigherOrderFunction::new(filter, vec![list.clone(), kept]);
        let none = self.call("empty", vec![Expr::HigherOrderFunction(there)])?;
        let some = self.call("empty", vec![list.clone()])?.is_false();
        let null = lit(ScalarValue::Utf8(None));
        Ok(Some(case(some.and(none), null, Expr::ScalarFunction(call.clone()))))
    }

    /// A list that is null has no items; only of two of them comes null.
    fn union(&mut self, left: &Expr, right: &Expr, item: &DataType) -> Result<Option<Expr>> {
        self.made("the union with a null list is the other list");
        let nothing =
            Expr::Literal(ScalarValue::List(ScalarValue::new_list_nullable(&[], item)), None);
        let side = |side: &Expr| self.call("coalesce", vec![side.clone(), nothing.clone()]);
        let whole = self.call("array_union", vec![side(left)?, side(right)?])?;
        let both = left.clone().is_null().and(right.clone().is_null());
        let list = DataType::List(Arc::new(Field::new_list_field(item.clone(), true)));
        Ok(Some(case(both, Expr::Literal(ScalarValue::try_from(&list)?, None), whole)))
    }

    /// The items of the left list that are in the right one, as often as they are in the left.
    fn intersection(&mut self, left: &Expr, right: &Expr, item: &DataType) -> Result<Option<Expr>> {
        let Some(filter) = self.state().higher_order_functions().get("array_filter").cloned()
        else {
            return Ok(None);
        };
        self.made("the intersection keeps what is several times in the left list");
        let field = Arc::new(Field::new("x", item.clone(), true));
        let each = Expr::LambdaVariable(LambdaVariable::new("x".to_owned(), Some(field)));
        let found = self.call("array_has", vec![right.clone(), each.clone()])?;
        let kept = Expr::Lambda(Lambda::new(vec!["x".to_owned()], each.is_not_null().and(found)));
        let call = HigherOrderFunction::new(filter, vec![left.clone(), kept]);
        Ok(Some(Expr::HigherOrderFunction(call)))
    }

    /// `coalesce(array_position(list, item), 0)`, null where list or item is; and
    /// `coalesce(array_element(map_extract(map, key), 2), default)`, where the second element is
    /// asked for and there is one at most.
    pub(super) fn position_or_value(
        &mut self,
        call: &ScalarFunction,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let [first, default] = call.args.as_slice() else { return Ok(None) };
        if let Some([list, item]) = arguments(first, "array_position")
            && integer(default) == Some(0)
        {
            if !self.repeatable(&[list, item]) {
                return Ok(None);
            }
            self.made("the place in a null list, or of null, is null");
            let (list, item) = (self.operand(list, around)?, self.operand(item, around)?);
            let mut unknown = Vec::new();
            for operand in [&list, &item] {
                if operand.nullable(around.schema)? {
                    unknown.push(operand.clone().is_null());
                }
            }
            let place = self.call("array_position", vec![list, item])?;
            let place = Expr::Cast(Cast::new(Box::new(place), DataType::Int64));
            let place = self.call("coalesce", vec![place, lit(0_i64)])?;
            return Ok(Some(match unknown.into_iter().reduce(Expr::or) {
                Some(unknown) => case(unknown, lit(ScalarValue::Int64(None)), place),
                None => place,
            }));
        }
        let Some([found, second]) = arguments(first, "array_element") else { return Ok(None) };
        let Some([map, key]) = arguments(found, "map_extract") else { return Ok(None) };
        if integer(second) != Some(2) || !self.repeatable(&[map]) {
            return Ok(None);
        }
        self.made("the value of a key is the only one found");
        let (map, key) = (self.operand(map, around)?, self.operand(key, around)?);
        let default = self.operand(default, around)?;
        let found = self.call("map_extract", vec![map.clone(), key])?;
        let value = self.call("array_element", vec![found, lit(1_i64)])?;
        let value = match &default {
            Expr::Literal(default, _) if default.is_null() => value,
            _ => self.call("coalesce", vec![value, default])?,
        };
        let wanted = value.get_type(around.schema)?;
        let null = Expr::Literal(ScalarValue::try_from(&wanted)?, None);
        Ok(Some(case(map.is_null(), null, value)))
    }
}
