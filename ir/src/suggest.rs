//! The nearest name: what somebody probably meant to type.

/// The candidate nearest to `wrong` by edit distance, ignoring case, if one is near enough
/// to be a likely slip: at most a third of the longer name's characters, and at least one.
/// Ties go to the first candidate in the order given.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let length = lower.chars().count().max(candidate.chars().count());
        let distance = strsim::osa_distance(&lower, &candidate.to_lowercase());
        if distance <= (length / 3).max(1) && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.filter(|(distance, name)| *distance < name.chars().count()).map(|(_, name)| name)
}

/// "did you mean `x`?" for [`nearest`]; where a second name is as near, both are given.
pub fn did_you_mean<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let first = nearest(wrong, candidates.iter().copied())?;
    let lower = wrong.to_lowercase();
    let distance = |name: &str| strsim::osa_distance(&lower, &name.to_lowercase());
    let tie =
        candidates.iter().find(|other| **other != first && distance(other) == distance(first));
    Some(match tie {
        Some(other) => format!("did you mean `{first}` or `{other}`?"),
        None => format!("did you mean `{first}`?"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_likely_slips_are_suggested() {
        let names = ["o_orderkey", "o_custkey", "o_orderdate", "id"];
        assert_eq!(nearest("o_ordrkey", names), Some("o_orderkey"));
        assert_eq!(nearest("O_CUSTKEY", names), Some("o_custkey"));
        assert_eq!(nearest("o_oderdtae", names), Some("o_orderdate"));
        assert_eq!(nearest("price", names), None);
        assert_eq!(nearest("x", names), None);
    }
}
