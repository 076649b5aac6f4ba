//! Upper and lower letters. DataFusion maps a letter to several where Unicode says so (`ß` to
//! `SS`), has a final sigma, and knows the letters of later versions; Ibis's engine maps each
//! letter by itself to one letter or leaves it.
//!
//! The tables are what DuckDB 2.0 does otherwise than DataFusion, found by asking both for every
//! letter there is.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::{HigherOrderFunction, Lambda, LambdaVariable, ScalarFunction};
use datafusion::prelude::lit;

use super::mend::{Mender, case};

/// The first and the last letter of a run, and how far the letter is that each becomes.
type Run = (u32, u32, i32);

#[rustfmt::skip]
const UPPER: &[Run] = &[
    (0xDF, 0xDF, 7615), (0x149, 0x149, 0), (0x19B, 0x19B, 0), (0x1F0, 0x1F0, 0),
    (0x264, 0x264, 0), (0x390, 0x390, 0), (0x3B0, 0x3B0, 0), (0x587, 0x587, 0),
    (0x1C8A, 0x1C8A, 0), (0x1E96, 0x1E9A, 0), (0x1F50, 0x1F50, 0), (0x1F52, 0x1F52, 0),
    (0x1F54, 0x1F54, 0), (0x1F56, 0x1F56, 0), (0x1F80, 0x1F87, 8), (0x1F88, 0x1F8F, 0),
    (0x1F90, 0x1F97, 8), (0x1F98, 0x1F9F, 0), (0x1FA0, 0x1FA7, 8), (0x1FA8, 0x1FAF, 0),
    (0x1FB2, 0x1FB2, 0), (0x1FB3, 0x1FB3, 9), (0x1FB4, 0x1FB4, 0), (0x1FB6, 0x1FB7, 0),
    (0x1FBC, 0x1FBC, 0), (0x1FC2, 0x1FC2, 0), (0x1FC3, 0x1FC3, 9), (0x1FC4, 0x1FC4, 0),
    (0x1FC6, 0x1FC7, 0), (0x1FCC, 0x1FCC, 0), (0x1FD2, 0x1FD3, 0), (0x1FD6, 0x1FD7, 0),
    (0x1FE2, 0x1FE4, 0), (0x1FE6, 0x1FE7, 0), (0x1FF2, 0x1FF2, 0), (0x1FF3, 0x1FF3, 9),
    (0x1FF4, 0x1FF4, 0), (0x1FF6, 0x1FF7, 0), (0x1FFC, 0x1FFC, 0), (0xA7CD, 0xA7CD, 0),
    (0xA7CF, 0xA7CF, 0), (0xA7D3, 0xA7D3, 0), (0xA7D5, 0xA7D5, 0), (0xA7DB, 0xA7DB, 0),
    (0xFB00, 0xFB06, 0), (0xFB13, 0xFB17, 0), (0x10D70, 0x10D85, 0), (0x16EBB, 0x16ED3, 0),
];

#[rustfmt::skip]
const LOWER: &[Run] = &[
    (0x130, 0x130, -199), (0x3A3, 0x3A3, 32), (0x1C89, 0x1C89, 0), (0xA7CB, 0xA7CC, 0),
    (0xA7CE, 0xA7CE, 0), (0xA7D2, 0xA7D2, 0), (0xA7D4, 0xA7D4, 0), (0xA7DA, 0xA7DA, 0),
    (0xA7DC, 0xA7DC, 0), (0x10D50, 0x10D65, 0), (0x16EA0, 0x16EB8, 0),
];

impl Mender<'_> {
    /// `upper` and `lower`: texts with a letter of the tables are mapped letter by letter.
    pub(super) fn letters(&mut self, call: &ScalarFunction) -> Result<Option<Expr>> {
        let name = call.func.name();
        let runs = if name == "upper" { UPPER } else { LOWER };
        let [value] = call.args.as_slice() else { return Ok(None) };
        let state = self.state();
        let Some(transform) = state.higher_order_functions().get("array_transform").cloned() else {
            return Ok(None);
        };
        if !self.repeatable(&[value]) {
            return Ok(None);
        }
        self.made("letters become one letter each");
        let (class, from, to) = tables(runs);
        let field = Arc::new(Field::new("x", DataType::Utf8, true));
        let each = Expr::LambdaVariable(LambdaVariable::new("x".to_owned(), Some(field)));
        let odd = self.call("regexp_like", vec![each.clone(), lit(class.as_str())])?;
        let taken = self.call("translate", vec![each.clone(), lit(from), lit(to)])?;
        let mapped = case(odd, taken, self.call(name, vec![each])?);
        let mapped = Expr::Lambda(Lambda::new(vec!["x".to_owned()], mapped));
        let none = lit(ScalarValue::Utf8(None));
        let letters = self.call("string_to_array", vec![value.clone(), none])?;
        let letters = HigherOrderFunction::new(transform, vec![letters, mapped]);
        let letters = Expr::HigherOrderFunction(letters);
        let single = self.call("array_to_string", vec![letters, lit("")])?;
        let odd = self.call("regexp_like", vec![value.clone(), lit(class)])?;
        Ok(Some(case(odd, single, Expr::ScalarFunction(call.clone()))))
    }
}

/// The letters as a class of a regular expression; those that become others, and these.
fn tables(runs: &[Run]) -> (String, String, String) {
    let (mut class, mut from, mut to) = (String::from("["), String::new(), String::new());
    for (first, last, step) in runs {
        class.extend(char::from_u32(*first));
        if last > first {
            class.push('-');
            class.extend(char::from_u32(*last));
        }
        if *step != 0 {
            for letter in *first..=*last {
                from.extend(char::from_u32(letter));
                to.extend(letter.checked_add_signed(*step).and_then(char::from_u32));
            }
        }
    }
    class.push(']');
    (class, from, to)
}
