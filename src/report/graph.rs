//! Plans as graphs and pages: DOT for Graphviz, HTML for a browser.

use std::fmt::Write;

use datafusion::logical_expr::LogicalPlan;

use crate::driver::Trace;

/// The plan's operators as a DOT graph, rows flowing upwards.
pub fn dot(name: &str, plan: &LogicalPlan) -> String {
    let mut out = format!("digraph {} {{\n", quoted(name));
    out.push_str("  rankdir = BT;\n  node [shape = box, fontname = \"monospace\"];\n");
    let mut next = 0;
    node(plan, &mut next, &mut out);
    out.push_str("}\n");
    out
}

fn node(plan: &LogicalPlan, next: &mut usize, out: &mut String) -> usize {
    let id = *next;
    *next += 1;
    let _ = writeln!(out, "  n{id} [label = {}];", quoted(&plan.display().to_string()));
    for input in plan.inputs() {
        let below = node(input, next, out);
        let _ = writeln!(out, "  n{below} -> n{id};");
    }
    id
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A page of its own: the rule's text, every pass that fired with what it changed, and the
/// canonical plan.
pub fn html(name: &str, text: &str, digest: Option<&str>, trace: &Trace) -> String {
    let name = escaped(name);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}</title>\n\
         <style>\n{STYLE}</style></head><body>\n<h1>{name}</h1>\n"
    );
    if let Some(digest) = digest {
        let _ = writeln!(out, "<p>digest <code>{}</code></p>", escaped(digest));
    }
    section(&mut out, "The rule", "", &escaped(text), true);
    section(&mut out, "As planned", "", &escaped(&trace.planned), false);
    for step in trace.steps.iter().filter(|step| step.fired) {
        let round = if step.round == 0 { String::new() } else { format!(", round {}", step.round) };
        let lines: String = step.diff.lines().map(coloured).collect();
        section(&mut out, &format!("{}{round}", step.pass), step.reason, &lines, true);
    }
    section(&mut out, "Canonical", "", &escaped(&trace.canonical), true);
    out.push_str("</body></html>\n");
    out
}

const STYLE: &str = "body { font-family: sans-serif; margin: 2em; }\n\
    pre { background: #f6f6f6; padding: 1em; overflow-x: auto; }\n\
    .gone { background: #fdd; } .new { background: #dfd; }\n\
    p.reason { color: #555; margin: 0.3em 0; }\n\
    @media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; }\n\
    pre { background: #1c1c1c; } .gone { background: #522; } .new { background: #252; } }\n";

fn section(out: &mut String, title: &str, reason: &str, body: &str, open: bool) {
    let open = if open { " open" } else { "" };
    let _ = writeln!(out, "<details{open}><summary>{}</summary>", escaped(title));
    if !reason.is_empty() {
        let _ = writeln!(out, "<p class=\"reason\">{}</p>", escaped(reason));
    }
    let _ = writeln!(out, "<pre>{body}</pre></details>");
}

fn coloured(line: &str) -> String {
    let class = match line.chars().next() {
        Some('-') => "gone",
        Some('+') => "new",
        _ => return format!("{}\n", escaped(line)),
    };
    format!("<span class=\"{class}\">{}</span>\n", escaped(line))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::TraceStep;

    #[test]
    fn pages_and_graphs_escape_what_they_show() {
        let step = TraceStep {
            pass: "rename",
            reason: "a < b",
            round: 1,
            fired: true,
            diff: "-a < 1\n+b < 1\n".to_owned(),
            plan: String::new(),
        };
        let trace = Trace { planned: "P".to_owned(), steps: vec![step], canonical: "C".to_owned() };
        let page = html("<r>", "select '<b>'", Some("d"), &trace);
        assert!(page.contains("<h1>&lt;r&gt;</h1>") && page.contains("select '&lt;b&gt;'"));
        assert!(page.contains("<span class=\"gone\">-a &lt; 1</span>"), "{page}");
        assert_eq!(quoted("a \"b\"\n"), "\"a \\\"b\\\"\\n\"");
    }
}
