//! Places in a rule's source text.

use serde::{Deserialize, Serialize};

/// A half-open range of byte offsets in a source text. `start <= end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset just behind the last byte.
    pub end: usize,
}

impl Span {
    /// A span from `start` to `end`; an inverted pair becomes the empty span at `start`.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end: end.max(start) }
    }
}

/// A place as people and editors count: from 1, columns in characters, offsets in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Line number, from 1.
    pub line: usize,
    /// Column in characters (Unicode scalar values), from 1.
    pub column: usize,
    /// Byte offset, from 0.
    pub offset: usize,
}

/// Converts between byte offsets and lines and columns of one text.
///
/// A line ends behind its `\n`; a `\r` before it belongs to the line, as sqlparser counts.
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// Indexes `text` in one pass.
    pub fn new(text: &'a str) -> Self {
        let starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        LineIndex { text, starts }
    }

    /// The position of a byte offset. Offsets past the end are clamped to it; one inside a
    /// character counts as that character's start.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |s| s.chars().count()) + 1;
        Position { line, column, offset }
    }

    /// The byte offset of a line and column (both from 1, columns in characters), clamped to
    /// the line and the text.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let Some(start) = self.starts.get(line.saturating_sub(1)).copied() else {
            return self.text.len();
        };
        let end = self.starts.get(line).copied().unwrap_or(self.text.len());
        let in_line = self.text.get(start..end).unwrap_or("");
        let skipped = column.saturating_sub(1);
        let within = in_line.char_indices().nth(skipped).map_or(in_line.len(), |(at, _)| at);
        start + within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_offsets_count_bytes() {
        let text = "select 'ä€',\n  x\r\nfrom t";
        let index = LineIndex::new(text);
        for (offset, c) in text.char_indices() {
            let at = index.position(offset);
            assert_eq!(index.offset(at.line, at.column), offset, "at {c:?}");
        }
        assert_eq!(
            index.position(text.find('x').unwrap()),
            Position { line: 2, column: 3, offset: 18 }
        );
        assert_eq!(index.position(9), Position { line: 1, column: 9, offset: 8 });
        assert_eq!(index.offset(99, 1), text.len());
        assert_eq!(index.offset(2, 99), text.find("from").unwrap());
    }
}
