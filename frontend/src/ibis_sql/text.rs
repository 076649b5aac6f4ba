//! Texts: patterns, replacements, and parts.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{BinaryExpr, Like, ScalarFunction};
use datafusion::logical_expr::{Cast, Expr, Operator};
use datafusion::prelude::lit;

use super::mend::{Around, Mender, arguments, case, integer, literal};
use super::pattern::{self, Pattern};

const CLASSES: &str = "classes of letters are written out, which are of ASCII in Ibis's engine";
const NEW_PATTERN: &str = "a pattern that is computed, which engines may read differently";

impl Mender<'_> {
    pub(super) fn text(
        &mut self,
        call: &ScalarFunction,
        _around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let name = call.func.name();
        match name {
            "regexp_replace" => return self.replaced(call),
            "regexp_like" | "regexp_count" | "regexp_instr" => {
                let Some(pattern) = call.args.get(1).and_then(|p| self.pattern(name, p)) else {
                    return Ok(None);
                };
                let [value, old, rest @ ..] = call.args.as_slice() else { return Ok(None) };
                if literal(old) == Some(pattern.text.as_str()) {
                    return Ok(None);
                }
                self.made(CLASSES);
                let args = [value.clone(), lit(pattern.text)].into_iter();
                return self.call(name, args.chain(rest.iter().cloned()).collect()).map(Some);
            }
            "string_to_array" => {
                let [value, separator] = call.args.as_slice() else { return Ok(None) };
                if literal(separator).is_some_and(|text| !text.is_empty())
                    && self.repeatable(&[value])
                {
                    self.made("the parts of an empty text are one empty text");
                    let empty = self.call("make_array", vec![lit("")])?;
                    let parts = Expr::ScalarFunction(call.clone());
                    return Ok(Some(case(value.clone().eq(lit("")), empty, parts)));
                }
                self.differs(name, "a separator that is empty or computed");
            }
            "regexp_match" => self.differs(name, "what does not match is null, and not empty"),
            "levenshtein" => self.differs(name, "it counts characters, and not bytes"),
            _ => self.differs(name, "planc has no such function"),
        }
        Ok(None)
    }

    /// A pattern of LIKE, in which Ibis's engine has no escape and DataFusion the backslash.
    pub(super) fn pattern_of(&mut self, like: &Like) -> Option<Expr> {
        let Some(text) = literal(&like.pattern) else {
            self.differs("LIKE", "a computed pattern may hold a backslash");
            return None;
        };
        if !text.contains('\\') {
            return None;
        }
        self.made("a backslash in a pattern of LIKE stands for itself");
        let pattern = Box::new(lit(text.replace('\\', "\\\\")));
        Some(Expr::Like(Like { pattern, ..like.clone() }))
    }

    /// A pattern that is literally there and means the same to both engines.
    fn pattern(&mut self, name: &str, expr: &Expr) -> Option<Pattern> {
        let Some(text) = constant(expr) else {
            self.differs(name, NEW_PATTERN);
            return None;
        };
        match pattern::read(&text) {
            Ok(pattern) => Some(pattern),
            Err(message) => {
                self.refuse(message);
                None
            }
        }
    }

    fn replaced(&mut self, call: &ScalarFunction) -> Result<Option<Expr>> {
        let name = call.func.name();
        let [value, old, with, flags @ ..] = call.args.as_slice() else { return Ok(None) };
        let Some(pattern) = self.pattern(name, old) else { return Ok(None) };
        let Some(text) = literal(with) else {
            self.differs(name, "its replacement is computed");
            return Ok(None);
        };
        let written = match pattern::replacement(text, pattern.groups) {
            Ok(written) => written,
            Err(message) => {
                self.refuse(message);
                return Ok(None);
            }
        };
        if literal(old) == Some(pattern.text.as_str()) && written == text {
            return Ok(None);
        }
        self.made("groups and classes of a replacement are written as DataFusion reads them");
        let args = [value.clone(), lit(pattern.text), lit(written)].into_iter();
        self.call(name, args.chain(flags.iter().cloned()).collect()).map(Some)
    }

    /// The regex operators, whose right side is a pattern.
    pub(super) fn matched(&mut self, binary: &BinaryExpr) -> Result<Option<Expr>> {
        let regex = matches!(
            binary.op,
            Operator::RegexMatch
                | Operator::RegexIMatch
                | Operator::RegexNotMatch
                | Operator::RegexNotIMatch
        );
        if !regex {
            return Ok(None);
        }
        let Some(pattern) = self.pattern("a regular expression", &binary.right) else {
            return Ok(None);
        };
        if literal(&binary.right) == Some(pattern.text.as_str()) {
            return Ok(None);
        }
        self.made(CLASSES);
        let right = Box::new(lit(pattern.text));
        Ok(Some(Expr::BinaryExpr(BinaryExpr::new(binary.left.clone(), binary.op, right))))
    }

    /// `array_length(regexp_match(text, pattern)) > 0`: whether it matches. Groups that take no
    /// part are left out of the list.
    pub(super) fn searched(
        &mut self,
        binary: &BinaryExpr,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let found = arguments(&binary.left, "array_length");
        let Some([matches]) = found.filter(|_| integer(&binary.right) == Some(0)) else {
            return Ok(None);
        };
        let Some([value, old]) = arguments(matches, "regexp_match") else { return Ok(None) };
        let Some(pattern) = self.pattern("regexp_match", old) else {
            return Ok(Some(lit(ScalarValue::Boolean(None))));
        };
        self.made("whether a pattern matches is asked for");
        let value = self.operand(value, around)?;
        self.call("regexp_like", vec![value, lit(pattern.text)]).map(Some)
    }

    /// `array_element(regexp_match(text, '(' || pattern || ')'), n)`: a group of the first match,
    /// empty where there is none. The text is replaced with its group, since groups that take no
    /// part are left out of the list.
    pub(super) fn extracted(
        &mut self,
        call: &ScalarFunction,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let [matches, at] = call.args.as_slice() else { return Ok(None) };
        let Some([value, old]) = arguments(matches, "regexp_match") else { return Ok(None) };
        let whole = constant(old);
        let inner = whole.as_deref().and_then(|text| text.strip_prefix('(')?.strip_suffix(')'));
        let group = integer(at).and_then(|at| usize::try_from(at - 1).ok());
        let (Some(inner), Some(group)) = (inner, group) else { return Ok(None) };
        let nothing = Ok(Some(lit(ScalarValue::Utf8(None))));
        let Some(pattern) = self.pattern("regexp_match", &lit(inner)) else { return nothing };
        if group > pattern.groups || !self.repeatable(&[value]) {
            self.differs("regexp_match", "the pattern has no such group");
            return nothing;
        }
        self.made("a group of a match is empty where there is none");
        let value = self.operand(value, around)?;
        let around = format!("(?s:^.*?)({})(?s:.*$)", pattern.text);
        let found = self.call("regexp_like", vec![value.clone(), lit(pattern.text)])?;
        let replaced = vec![value.clone(), lit(around), lit(format!("${{{}}}", group + 1))];
        let taken = case(found, self.call("regexp_replace", replaced)?, lit(""));
        Ok(Some(case(value.is_null(), lit(ScalarValue::Utf8(None)), taken)))
    }

    /// A timestamp as `2026-01-02 03:04:05.6`.
    pub(super) fn timestamp_text(&mut self, value: &Expr) -> Result<Expr> {
        self.made("the text of a timestamp has a space, and no zeros behind");
        let text = Expr::Cast(Cast::new(Box::new(value.clone()), DataType::Utf8));
        let spaced = self.call("replace", vec![text, lit("T"), lit(" ")])?;
        let point = self.call("strpos", vec![spaced.clone(), lit(".")])?;
        let short = self.call("rtrim", vec![spaced.clone(), lit("0")])?;
        Ok(case(point.gt(lit(0_i32)), short, spaced))
    }
}

/// A text that is literally there, perhaps in parts.
fn constant(expr: &Expr) -> Option<String> {
    match expr {
        Expr::BinaryExpr(binary) if binary.op == Operator::StringConcat => {
            Some(constant(&binary.left)? + &constant(&binary.right)?)
        }
        expr => literal(expr).map(str::to_owned),
    }
}
