//! Every code that planc can report, in one table.
//!
//! Codes are append-only: a number is never reused, and its meaning never changes. Each has
//! a page in `codes/CODE.md`, which `planc explain CODE` prints.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::Severity;

/// What is known of a code.
#[derive(Debug, PartialEq, Eq)]
pub struct CodeInfo {
    /// `P` and four digits; the first two say the stage.
    pub id: &'static str,
    /// A short name in kebab case.
    pub name: &'static str,
    /// The severity unless the project's `[lint]` table says otherwise.
    pub severity: Severity,
    /// One sentence.
    pub summary: &'static str,
    /// The page, in Markdown.
    pub page: &'static str,
}

/// One of [`CODES`].
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(&'static CodeInfo);

impl Code {
    /// The code with this id (`P0201`, in any case) or name (`unknown-table`).
    pub fn find(text: &str) -> Option<Code> {
        let wanted = |code: &&CodeInfo| code.id.eq_ignore_ascii_case(text) || code.name == text;
        CODES.iter().copied().find(wanted).map(Code)
    }
}

impl Deref for Code {
    type Target = CodeInfo;

    fn deref(&self) -> &CodeInfo {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Code {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.id.cmp(other.id)
    }
}

impl TryFrom<String> for Code {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Code::find(&text).ok_or_else(|| format!("there is no code `{text}`"))
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.id.to_owned()
    }
}

macro_rules! codes {
    ($($id:ident $constant:ident $name:literal $severity:ident $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub const $constant: Code = {
                static INFO: CodeInfo = CodeInfo {
                    id: stringify!($id),
                    name: $name,
                    severity: Severity::$severity,
                    summary: $summary,
                    page: include_str!(concat!("codes/", stringify!($id), ".md")),
                };
                Code(&INFO)
            };
        )*

        /// All codes, in order of their ids.
        pub static CODES: &[&CodeInfo] = &[$($constant.0),*];
    };
}

codes! {
    P0101 SYNTAX "syntax" Error "The text is not SQL";
    P0102 NOT_A_QUERY "not-a-query" Error "A rule is one query, and this statement is none";
    P0103 SEVERAL_STATEMENTS "several-statements" Error "A rule is one statement, and there are more";
    P0104 EMPTY_RULE "empty-rule" Error "The file holds no statement";
    P0105 TEMPLATE "template" Error "The text holds template syntax";
    P0106 NOT_UTF8 "not-utf8" Error "The file is not UTF-8 text";
    P0107 TOO_LARGE "too-large" Error "The file is over the size limit";
    P0108 TOO_DEEP "too-deep" Error "The query is nested too deeply";
    P0109 DIALECT "dialect" Error "The text cannot be brought from its dialect into planc's";
    P0110 UNVERIFIED_TRANSLATION "unverified-translation" Warning "A function of another dialect is taken to mean the same in DataFusion";
    P0111 INVISIBLE_TEXT "invisible-text" Warning "The text holds characters that are not seen or that turn its order";
    P0201 UNKNOWN_TABLE "unknown-table" Error "No source, rule or CTE has this name";
    P0202 UNKNOWN_COLUMN "unknown-column" Error "No table in scope has this column";
    P0203 UNKNOWN_QUALIFIER "unknown-qualifier" Error "No table in scope goes by this name";
    P0204 UNKNOWN_FUNCTION "unknown-function" Error "There is no such function";
    P0205 AMBIGUOUS_COLUMN "ambiguous-column" Error "More than one table in scope has this column";
    P0206 DUPLICATE_ALIAS "duplicate-alias" Error "Two tables of one FROM go by the same name";
    P0207 RULE_CYCLE "rule-cycle" Error "A rule reads itself through other rules";
    P0208 NAME_CLASH "name-clash" Error "Two rules or sources have one name";
    P0209 DUPLICATE_OUTPUT "duplicate-output" Error "Two output columns have one name";
    P0210 ORDINAL "ordinal" Error "There is no output column of this number";
    P0211 UPSTREAM_FAILED "upstream-failed" Warning "The rule was not checked, since a rule that it reads has errors";
    P0212 UNKNOWN_WINDOW "unknown-window" Error "The SELECT defines no window of this name";
    P0213 UNKNOWN_TYPE "unknown-type" Error "There is no such type";
    P0301 TYPE_MISMATCH "type-mismatch" Error "The types do not fit";
    P0302 FUNCTION_ARGUMENTS "function-arguments" Error "The function does not take these arguments";
    P0303 IMPOSSIBLE_CAST "impossible-cast" Error "No value of the one type can become one of the other";
    P0304 UNGROUPED_COLUMN "ungrouped-column" Error "A column is neither grouped nor aggregated";
    P0305 MISPLACED_AGGREGATE "misplaced-aggregate" Error "An aggregate function cannot stand here";
    P0306 MISPLACED_WINDOW "misplaced-window" Error "A window function cannot stand here";
    P0307 SET_OPERATION_COLUMNS "set-operation-columns" Error "The sides of a set operation have different numbers of columns";
    P0308 SUBQUERY_COLUMNS "subquery-columns" Error "A subquery that stands for a value gives more than one column";
    P0309 DISTINCT_ORDER "distinct-order" Error "SELECT DISTINCT is ordered by something that it does not select";
    P0310 WINDOW_FRAME "window-frame" Error "The frame of a window is impossible";
    P0311 COLUMN_COUNT "column-count" Error "A row or a list of names has another number of columns than it needs";
    P0312 LIMIT_VALUE "limit-value" Error "LIMIT or OFFSET is no number of rows";
    P0313 BAD_LITERAL "bad-literal" Error "A literal cannot be read as a value of its type";
    P0400 REFUSED "refused" Error "DataFusion cannot plan the query";
    P0401 LIMIT_WITHOUT_ORDER "limit-without-order" Warning "LIMIT without ORDER BY keeps arbitrary rows";
    P0402 NULL_COMPARISON "null-comparison" Warning "A comparison with NULL is never true";
    P0403 VOLATILE "volatile-function" Warning "The function gives another result at every run";
    P0404 IGNORED_CLAUSE "ignored-clause" Warning "DataFusion reads this clause and ignores it";
    P0405 CARTESIAN_JOIN "cartesian-join" Warning "Two tables are joined without a condition";
    P0406 OUTER_JOIN_DEFEATED "outer-join-defeated" Warning "WHERE throws away the rows that an outer join keeps";
    P0407 SELECT_STAR "select-star" Warning "The output is every column of a source, whatever they are";
    P0408 IMPLICIT_CAST "implicit-cast" Warning "Values of different types are compared or mixed";
    P0409 CONSTANT_PREDICATE "constant-predicate" Warning "The condition is always true or always false";
    P0410 UNSUPPORTED "unsupported" Error "DataFusion does not have this feature";
    P0411 WINDOW_WITHOUT_ORDER "window-without-order" Warning "A window function depends on the order of rows, and none is given";
    P0412 LOSSY_CAST "lossy-cast" Warning "The cast drops a part of the value";
    P0413 OUTPUT_SCHEMA "output-schema" Error "The output differs from the schema that the rule declares";
    P0414 UNUSED_SUPPRESSION "unused-suppression" Warning "A `-- noqa` silences nothing";
    P0415 DATE_FIELD "date-field" Warning "There is no such part of a date or time";
    P0416 ORDINAL_REFERENCE "ordinal-reference" Warning "A number stands for a column of the output";
    P0417 RUN_FAILURE "run-failure" Warning "DataFusion plans this, and fails when it runs";
    P0501 MALFORMED_ARTIFACT "malformed-artifact" Error "The bytes are no valid Substrait plan";
    P0502 UNKNOWN_EXTENSION "unknown-extension" Error "The plan uses a function, type or format that this planc does not have";
    P0503 INVALID_PLAN "invalid-plan" Error "The plan breaks a rule of Substrait";
    P0504 PLAN_UNSUPPORTED "plan-unsupported" Error "The plan says something that planc has no plan with the same rows for";
    P0505 LOST_CORRELATION "lost-correlation" Error "A subquery does not say what it refers to around it";
    P0506 LOST_COLUMNS "lost-columns" Error "The plan does not say which columns a join has";
    P0507 LOST_OFFSET "lost-offset" Error "The condition of a join has lost the columns of one side";
    P0508 LOST_ARGUMENT "lost-argument" Error "The producer dropped an argument or an option";
    P0509 LOST_DIGITS "lost-digits" Error "A literal loses digits";
    P0510 REPAIRED "repaired" Warning "The plan was put right";
    P0511 LOCAL_TIME "local-time" Error "A timestamp depends on the machine that made the plan";
    P0512 ENGINES_DIFFER "engines-differ" Error "Engines give different results for this, and the plan does not say which is meant";
    P0513 PLAN_TABLE "plan-table" Error "The plan was made for another schema of a table";
    P0514 OTHER_TYPES "other-types" Warning "The output is of other types than its producer says";
    P0515 SQL_LANE "sql-lane" Warning "The plan was refused, and the SQL beside it was taken";
    P0516 LANES_DIFFER "lanes-differ" Warning "The plan and the SQL beside it mean different things";
    P0601 NOT_REPRESENTABLE "not-representable" Error "The plan cannot be written as Substrait without changing its rows";
    P0602 BROKEN_ENTRY "broken-entry" Warning "A cache entry was unreadable and was passed over";
    P0603 STORE_UNWRITABLE "store-unwritable" Warning "The artifact store cannot be written";
    P0604 NO_ARTIFACT "no-artifact" Error "The store holds no artifact of this digest";
    P0605 CACHE_FORBIDDEN "cache-forbidden" Warning "A cache tier refuses access";
    P0606 CACHE_MISCONFIGURED "cache-misconfigured" Warning "The address or the settings of a cache tier are wrong";
    P0607 CACHE_TIMEOUT "cache-timeout" Warning "A cache tier did not answer in time and was left out";
    P0608 CACHE_UNAVAILABLE "cache-unavailable" Warning "A cache tier failed and was left out";
    P0609 UNSIGNED_RECORD "unsigned-record" Warning "A cache record that must be signed is not";
    P0610 UNKNOWN_SIGNER "unknown-signer" Warning "A signing key is none of those that the project names";
    P0611 BAD_SIGNATURE "bad-signature" Warning "The signature of a cache record is over other bytes";
    P0612 RECORD_OF_OTHER_KEY "record-of-other-key" Warning "A cache record was made for another key";
    P0613 RECORD_OF_OTHER_ZONE "record-of-other-zone" Warning "A cache record was made in another trust zone";
    P0614 CACHE_DISAGREES "cache-disagrees" Error "Compiling again gave another result than the cache";
    P0615 INCOMPATIBLE_STORE "incompatible-store" Error "An object store does not do what a shared cache needs";
    P0701 SOURCE_UNREADABLE "source-unreadable" Error "A source cannot be opened";
    P0702 COLUMN_DROPPED "column-dropped" Error "A source lost a column that the artifact reads";
    P0703 COLUMN_RETYPED "column-retyped" Error "A source changed the type of a column that the artifact reads";
    P0704 RUN_FAILED "run-failed" Error "The query failed while it ran";
    P0705 OUTPUT_FAILED "output-failed" Error "The output cannot be written";
    P0706 TIMEOUT "timeout" Error "The run took longer than its limit";
    P0707 OUT_OF_MEMORY "out-of-memory" Error "The run needed more memory than its limit";
    P0708 INTERRUPTED "interrupted" Error "The run was interrupted";
    P0709 SCHEMA_ONLY "schema-only" Error "The source has a schema but no data";
    P0710 STALE_UPSTREAM "stale-upstream" Error "An upstream output was written by another version of its rule";
    P0711 CONSTRAINT_BROKEN "constraint-broken" Error "The data breaks a constraint that the project declares";
    P0712 WRITE_CONFLICT "write-conflict" Error "Other writers committed to the output in between";
    P0713 OUTPUT_TABLE "output-table" Error "The rows do not fit the table that they are written to";
    P0714 OUTPUT_KEY "output-key" Error "The key of a merge does not tell the rows apart";
    P0715 CHANGE_FEED "change-feed" Error "The changes of a table cannot be read as they happened";
    P0716 TABLE_FEATURE "table-feature" Error "A Delta table uses a feature that planc cannot read";
    P0801 CONFIG "config" Error "The project file is wrong";
    P0802 NO_PROJECT "no-project" Error "There is no project here";
    P0803 LOCK_MISSING "lock-missing" Error "The lock does not know a source";
    P0804 LOCK_STALE "lock-stale" Error "A source no longer has the schema that the lock records";
    P0805 UNSET_VARIABLE "unset-variable" Error "An environment variable is not set";
    P0806 PARAMETER "parameter" Error "A parameter is not declared, not given or of another type";
    P0807 RULE_SETTINGS "rule-settings" Error "The settings comment of a rule is wrong";
    P0808 NO_LOCK "no-lock" Warning "The project has no lock";
    P0809 PROJECT_FOLDER "project-folder" Error "A project cannot be written into this folder";
    P0810 CONSTRAINT "constraint" Error "A declared constraint names a table or a column that is not there";
    P0811 REVISION "revision" Error "A git revision of the project cannot be read";
    P0812 NO_RULES "no-rules" Warning "A glob of the project finds no rule";
    P0813 OUTPUT_CLASH "output-clash" Error "Two rules write one output";
    P0901 INTERNAL "internal" Error "planc found a fault of its own";
    P0902 NO_FIXPOINT "no-fixpoint" Error "The rewrites of a plan did not settle";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_ordered_and_have_their_pages() {
        for pair in CODES.windows(2) {
            assert!(pair[0].id < pair[1].id, "{} before {}", pair[0].id, pair[1].id);
        }
        for code in CODES {
            let title = format!("# {} {}\n", code.id, code.name);
            assert!(code.page.starts_with(&title), "codes/{}.md starts with {title:?}", code.id);
            assert_eq!(Code::find(code.name).map(|c| c.id), Some(code.id));
        }
    }
}
