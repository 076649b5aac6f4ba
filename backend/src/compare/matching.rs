//! Whether every row found has a counterpart of its own among the rows expected.

use std::collections::HashMap;

use super::row::Row;

/// Finds for each of `found` its own near row in `expected`, which may have more.
///
/// # Errors
/// Names a row that has none.
pub(super) fn matches_within(found: &[Row], expected: &[Row]) -> Result<(), String> {
    let mut groups: HashMap<&str, (Vec<&Row>, Vec<&Row>)> = HashMap::new();
    for row in expected {
        groups.entry(&row.exact).or_default().1.push(row);
    }
    for row in found {
        groups.entry(&row.exact).or_default().0.push(row);
    }
    for (found, expected) in groups.into_values() {
        match_group(found, expected)?;
    }
    Ok(())
}

/// Rows of one group are equal but for their floats.
fn match_group(mut found: Vec<&Row>, mut expected: Vec<&Row>) -> Result<(), String> {
    if found.len() > expected.len() {
        let shown = found.first().map(|row| row.show()).unwrap_or_default();
        let (n, m) = (found.len(), expected.len());
        return Err(format!("found {n} rows like ({shown}) where {m} are expected"));
    }
    let has_floats = found.first().is_some_and(|row| !row.floats.is_empty());
    if !has_floats {
        return Ok(());
    }
    let sort_key = |row: &&Row| row.floats.iter().map(|f| f.sort_key()).collect::<Vec<_>>();
    found.sort_by_key(sort_key);
    expected.sort_by_key(sort_key);
    // Sorted, rows mostly stand opposite their counterparts.
    if found.len() == expected.len() && found.iter().zip(&expected).all(|(a, b)| a.near(b)) {
        return Ok(());
    }
    perfect_matching(&found, &expected)
}

/// Augmenting paths (Kuhn 1955, after Berge), searched without recursion.
fn perfect_matching(found: &[&Row], expected: &[&Row]) -> Result<(), String> {
    let near: Vec<Vec<usize>> = found
        .iter()
        .map(|row| {
            let places = expected.iter().enumerate().filter(|(_, other)| row.near(other));
            places.map(|(place, _)| place).collect()
        })
        .collect();
    // For each expected row, the found row that it is matched with.
    let mut taken: Vec<Option<usize>> = vec![None; expected.len()];
    for start in 0..found.len() {
        // Breadth first over found rows; `reached` says from which one a place was reached.
        let mut reached: HashMap<usize, usize> = HashMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        let mut free = None;
        'search: while let Some(row) = queue.pop_front() {
            for place in near.get(row).into_iter().flatten() {
                if reached.contains_key(place) {
                    continue;
                }
                reached.insert(*place, row);
                match taken.get(*place).copied().flatten() {
                    Some(other) => queue.push_back(other),
                    None => {
                        free = Some(*place);
                        break 'search;
                    }
                }
            }
        }
        let Some(mut place) = free else {
            let shown = found.get(start).map(|row| row.show()).unwrap_or_default();
            return Err(format!("no row is expected like ({shown})"));
        };
        // Every row on the path takes the place it reached and leaves its old one.
        while let Some(&row) = reached.get(&place) {
            let old = taken.iter().position(|holder| *holder == Some(row));
            if let Some(slot) = taken.get_mut(place) {
                *slot = Some(row);
            }
            match old {
                Some(old) if row != start => place = old,
                _ => break,
            }
        }
    }
    Ok(())
}
