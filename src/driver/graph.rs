//! Rules read rules: the order in which to work, the cycles, and what `+rule+` selects.

use std::collections::BTreeSet;

/// Which rules read which, by position in the list of rules.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// For each rule, the rules that it reads, sorted.
    reads: Vec<Vec<usize>>,
}

impl Graph {
    /// A graph from each rule's reads.
    pub fn new(reads: Vec<Vec<usize>>) -> Self {
        Graph { reads }
    }

    /// The rules that this one reads itself.
    pub fn reads(&self, rule: usize) -> &[usize] {
        self.reads.get(rule).map_or(&[], Vec::as_slice)
    }

    /// The rules in waves: each reads rules of earlier waves only. Rules on a cycle, or
    /// behind one, are in none.
    pub fn waves(&self) -> Vec<Vec<usize>> {
        let mut done = vec![false; self.reads.len()];
        let mut waves = Vec::new();
        loop {
            let ready = |(rule, reads): (usize, &Vec<usize>)| {
                let waits = reads.iter().any(|read| !done.get(*read).copied().unwrap_or(false));
                (!waits && !done.get(rule).copied().unwrap_or(true)).then_some(rule)
            };
            let wave: Vec<usize> = self.reads.iter().enumerate().filter_map(ready).collect();
            if wave.is_empty() {
                return waves;
            }
            for rule in &wave {
                if let Some(done) = done.get_mut(*rule) {
                    *done = true;
                }
            }
            waves.push(wave);
        }
    }

    /// A cycle through this rule, from it back to it, if there is one: the shortest, and of
    /// those the first in order.
    pub fn cycle(&self, rule: usize) -> Option<Vec<usize>> {
        let mut paths = vec![vec![rule]];
        let mut seen = BTreeSet::new();
        while !paths.is_empty() {
            let mut longer = Vec::new();
            for path in paths {
                let last = path.last().copied().unwrap_or(rule);
                for next in self.reads.get(last).into_iter().flatten() {
                    let mut path = path.clone();
                    path.push(*next);
                    if *next == rule {
                        return Some(path);
                    }
                    if seen.insert(*next) {
                        longer.push(path);
                    }
                }
            }
            paths = longer;
        }
        None
    }

    /// The rules that these read, directly or through others, with themselves.
    pub fn upstream(&self, rules: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open: Vec<usize> = rules.into_iter().collect();
        while let Some(rule) = open.pop() {
            if found.insert(rule) {
                open.extend(self.reads.get(rule).into_iter().flatten());
            }
        }
        found
    }

    /// The rules that read these, directly or through others, with themselves.
    pub fn downstream(&self, rules: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut readers = vec![Vec::new(); self.reads.len()];
        for (rule, reads) in self.reads.iter().enumerate() {
            for read in reads {
                if let Some(readers) = readers.get_mut(*read) {
                    readers.push(rule);
                }
            }
        }
        Graph { reads: readers }.upstream(rules)
    }
}

/// Rules as somebody named them.
#[derive(Debug, PartialEq, Eq)]
pub enum Selection {
    /// Positions in the list of rules.
    Rules(BTreeSet<usize>),
    /// No rule has this name; the nearest, if one is near.
    Unknown(String, Option<String>),
}

/// The rules that the selectors name: `rule`, `+rule` with all that it reads, `rule+` with
/// all that read it. A name is a rule's name, with dots or
/// slashes, or its file's path.
pub fn select(selectors: &[String], names: &[(&str, &str)], graph: &Graph) -> Selection {
    let mut selected = BTreeSet::new();
    for selector in selectors {
        let name = selector.trim_start_matches('+').trim_end_matches('+');
        let dotted = name.replace('/', ".");
        let matches = |(rule, path): &(&str, &str)| *rule == dotted || *path == name;
        let Some(rule) = names.iter().position(matches) else {
            let known = names.iter().map(|(rule, _)| *rule);
            let nearest = planc_ir::suggest::nearest(name, known).map(str::to_owned);
            return Selection::Unknown(name.to_owned(), nearest);
        };
        selected.insert(rule);
        if selector.starts_with('+') {
            selected.extend(graph.upstream([rule]));
        }
        if selector.ends_with('+') {
            selected.extend(graph.downstream([rule]));
        }
    }
    Selection::Rules(selected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waves_follow_reads_and_leave_cycles_out() {
        // 0 <- 1 <- 2, 3 <-> 4, 5 reads 4.
        let graph = Graph::new(vec![vec![], vec![0], vec![0, 1], vec![4], vec![3], vec![4]]);
        assert_eq!(graph.waves(), vec![vec![0], vec![1], vec![2]]);
        assert_eq!(graph.cycle(3), Some(vec![3, 4, 3]));
        assert_eq!(graph.cycle(5), None);
        assert_eq!(Graph::new(vec![vec![0]]).cycle(0), Some(vec![0, 0]));
    }

    #[test]
    fn selectors_follow_the_graph() {
        let graph = Graph::new(vec![vec![], vec![0], vec![1], vec![]]);
        let names = [("a", "a.sql"), ("b", "b.sql"), ("c", "c.sql"), ("d", "d.sql")];
        let select = |selectors: &[&str]| {
            let selectors: Vec<String> = selectors.iter().map(|s| (*s).to_owned()).collect();
            select(&selectors, &names, &graph)
        };
        assert_eq!(select(&["b"]), Selection::Rules([1].into()));
        assert_eq!(select(&["+b"]), Selection::Rules([0, 1].into()));
        assert_eq!(select(&["b+", "d.sql"]), Selection::Rules([1, 2, 3].into()));
        assert_eq!(select(&["+b+"]), Selection::Rules([0, 1, 2].into()));
        assert_eq!(select(&["/"]), Selection::Unknown("/".to_owned(), None));
        assert_eq!(select(&["x"]), Selection::Unknown("x".to_owned(), None));
    }
}
