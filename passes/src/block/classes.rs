//! Columns that are equal on every row of a block.

use std::collections::HashMap;

use datafusion::common::{Column, ExprSchema};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, Operator};

use crate::property::is_exact_equality;

/// The classes of equal columns among the inputs of a block.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    /// The class of each column that has one.
    class_of: HashMap<Column, usize>,
    /// The members, in the order in which [`Self::find`] met them.
    pub(crate) members: Vec<Vec<Column>>,
    /// The literal that all members equal, where there is one.
    pub(crate) constants: Vec<Option<Expr>>,
}

impl Classes {
    /// Takes the equalities between columns, and of columns with literals, out of the
    /// conjuncts. Only those count whose sides are of one type in which equal values are the
    /// same value.
    pub(crate) fn take(conjuncts: &mut Vec<Expr>, schema: &dyn ExprSchema) -> Self {
        let mut classes = Classes::default();
        conjuncts.retain(|conjunct| !classes.learn(conjunct, schema));
        classes
    }

    /// As [`Self::take`], leaving the conjuncts as they are.
    pub(crate) fn find<'e>(
        conjuncts: impl IntoIterator<Item = &'e Expr>,
        schema: &dyn ExprSchema,
    ) -> Self {
        let mut classes = Classes::default();
        for conjunct in conjuncts {
            classes.learn(conjunct, schema);
        }
        classes
    }

    /// The class of a column.
    pub(crate) fn class_of(&self, column: &Column) -> Option<usize> {
        self.class_of.get(column).copied()
    }

    /// The columns known to equal this one, itself among them.
    pub(crate) fn equal(&self, column: &Column) -> &[Column] {
        let class = self.class_of(column).and_then(|class| self.members.get(class));
        class.map_or(&[], Vec::as_slice)
    }

    /// Whether a conjunct is an equality of this kind; it is then part of the classes.
    fn learn(&mut self, conjunct: &Expr, schema: &dyn ExprSchema) -> bool {
        let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = conjunct else {
            return false;
        };
        let exact = |column: &Column| {
            schema.data_type(column).ok().filter(|data_type| is_exact_equality(data_type)).cloned()
        };
        match (left.as_ref(), right.as_ref()) {
            (Expr::Column(left), Expr::Column(right)) => {
                let (Some(a), Some(b)) = (exact(left), exact(right)) else { return false };
                if a != b || left == right {
                    return false;
                }
                let (a, b) = (self.class(left), self.class(right));
                self.merge(a, b)
            }
            (Expr::Column(column), literal @ Expr::Literal(value, _))
            | (literal @ Expr::Literal(value, _), Expr::Column(column)) => {
                let typed = exact(column).is_some_and(|of| of == value.data_type());
                if !typed || value.is_null() {
                    return false;
                }
                let class = self.class(column);
                match self.constants.get_mut(class) {
                    Some(known @ None) => {
                        *known = Some(literal.clone());
                        true
                    }
                    // Two different literals contradict each other: that stays to be seen.
                    Some(Some(known)) => known == literal,
                    None => false,
                }
            }
            _ => false,
        }
    }

    fn class(&mut self, column: &Column) -> usize {
        let next = self.members.len();
        let class = *self.class_of.entry(column.clone()).or_insert(next);
        if class == next {
            self.members.push(vec![column.clone()]);
            self.constants.push(None);
        }
        class
    }

    fn merge(&mut self, a: usize, b: usize) -> bool {
        if a == b {
            return true;
        }
        let constants = (self.constants.get(a).cloned(), self.constants.get(b).cloned());
        if let (Some(Some(a)), Some(Some(b))) = &constants
            && a != b
        {
            return false;
        }
        let moved = self.members.get_mut(b).map(std::mem::take).unwrap_or_default();
        for column in &moved {
            self.class_of.insert(column.clone(), a);
        }
        if let Some(members) = self.members.get_mut(a) {
            members.extend(moved);
        }
        if let (Some(known @ None), Some(Some(other))) = (self.constants.get_mut(a), constants.1) {
            *known = Some(other);
        }
        true
    }

    /// Brings the members of every class into the order of `columns`, without those that are
    /// not among them.
    pub(crate) fn sort_by(&mut self, columns: &[Column]) {
        let place: HashMap<&Column, usize> =
            columns.iter().enumerate().map(|(place, column)| (column, place)).collect();
        for members in &mut self.members {
            members.retain(|column| place.contains_key(column));
            members.sort_by_key(|column| place.get(column).copied());
        }
    }
}
