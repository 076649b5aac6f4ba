//! From bytes to fields.
//!
//! Lines end with LF, CR or both; a line break or delimiter within quotes belongs to the text, and
//! two quotes there are one. Empty lines are no records, unless records have one field: then an
//! empty line is a NULL.

use datafusion::error::DataFusionError;

/// Where in a record the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte of a record.
    Record,
    /// Before the first byte of a field.
    Field,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the end of the text, or half of a quote.
    Quote,
}

/// The records that were read and not taken yet, field by field.
#[derive(Debug)]
pub(super) struct Records {
    width: usize,
    delimiter: u8,
    state: State,
    /// Behind a CR, whose LF belongs to it.
    after_cr: bool,
    /// How much of a byte order mark was seen at the start of the file.
    mark: Option<usize>,
    data: Vec<u8>,
    /// For each whole field, where it ends in `data` and whether it was quoted.
    ends: Vec<(usize, bool)>,
    quoted: bool,
    /// The fields of whole records.
    whole: usize,
    /// The line that is read, and that of the record's start, from 1.
    line: usize,
    start: usize,
}

const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

impl Records {
    /// A reader of one file whose records have so many fields.
    pub(super) fn new(width: usize, delimiter: u8) -> Self {
        Records {
            width,
            delimiter,
            state: State::Record,
            after_cr: false,
            mark: Some(0),
            data: Vec::new(),
            ends: Vec::new(),
            quoted: false,
            whole: 0,
            line: 1,
            start: 1,
        }
    }

    /// How many whole records there are.
    pub(super) fn len(&self) -> usize {
        self.whole / self.width.max(1)
    }

    /// The text of a field of a whole record; `None` is NULL where the type has an empty value.
    pub(super) fn field(&self, record: usize, column: usize) -> Option<(&[u8], bool)> {
        let at = record * self.width + column;
        let (end, quoted) = *self.ends.get(at)?;
        let from = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |f| f.0);
        Some((self.data.get(from..end)?, quoted))
    }

    /// Forgets the whole records.
    pub(super) fn clear(&mut self) {
        let kept = self.whole.checked_sub(1).and_then(|last| self.ends.get(last));
        let kept = kept.map_or(0, |(end, _)| *end);
        self.data.drain(..kept);
        self.ends.drain(..self.whole);
        self.ends.iter_mut().for_each(|(end, _)| *end -= kept);
        self.whole = 0;
    }

    /// Reads until the input ends or there are `most` records. Gives how many bytes it took.
    pub(super) fn read(&mut self, input: &[u8], most: usize) -> Result<usize, DataFusionError> {
        for (at, byte) in input.iter().enumerate() {
            if self.len() >= most {
                return Ok(at);
            }
            self.byte(*byte)?;
        }
        Ok(input.len())
    }

    fn byte(&mut self, byte: u8) -> Result<(), DataFusionError> {
        if let Some(seen) = self.mark {
            match MARK.get(seen) {
                Some(expected) if *expected == byte => {
                    self.mark = Some(seen + 1);
                    return Ok(());
                }
                None => self.mark = None,
                Some(_) => {
                    self.mark = None;
                    let seen = MARK.get(..seen).unwrap_or_default();
                    if !seen.is_empty() {
                        self.data.extend(seen);
                        self.state = State::Plain;
                    }
                }
            }
        }
        let after_cr = std::mem::take(&mut self.after_cr);
        if after_cr && byte == b'\n' && self.state != State::Quoted {
            return Ok(());
        }
        let ends_line = matches!(byte, b'\n' | b'\r');
        self.line += usize::from(byte == b'\n' || (byte == b'\r' && self.state != State::Quoted));
        self.after_cr = byte == b'\r';
        match self.state {
            State::Record if ends_line && self.width == 1 => self.end_record()?,
            State::Record if ends_line => self.start = self.line,
            State::Record | State::Field | State::Plain | State::Quote if ends_line => {
                self.end_record()?;
            }
            State::Record | State::Field if byte == b'"' => {
                self.quoted = true;
                self.state = State::Quoted;
            }
            State::Record | State::Field | State::Plain | State::Quote
                if byte == self.delimiter =>
            {
                self.end_field();
            }
            State::Record | State::Field | State::Plain => {
                self.data.push(byte);
                self.state = State::Plain;
            }
            State::Quoted if byte == b'"' => self.state = State::Quote,
            State::Quoted => self.data.push(byte),
            State::Quote => {
                self.data.push(byte);
                // `"a"b` is `ab`, as most readers have it.
                self.state = if byte == b'"' { State::Quoted } else { State::Plain };
            }
        }
        Ok(())
    }

    fn end_field(&mut self) {
        self.ends.push((self.data.len(), std::mem::take(&mut self.quoted)));
        self.state = State::Field;
    }

    fn end_record(&mut self) -> Result<(), DataFusionError> {
        self.end_field();
        let found = self.ends.len() - self.whole;
        if found != self.width {
            return Err(DataFusionError::Execution(format!(
                "line {} has {found} fields, and not {}",
                self.start, self.width
            )));
        }
        self.whole = self.ends.len();
        self.state = State::Record;
        self.start = self.line;
        Ok(())
    }

    /// Ends the last record, which needs no line break.
    pub(super) fn finish(&mut self) -> Result<(), DataFusionError> {
        match self.state {
            State::Record => Ok(()),
            State::Quoted => Err(DataFusionError::Execution(format!(
                "the quotes that the record of line {} opens are not closed",
                self.start
            ))),
            State::Field | State::Plain | State::Quote => self.end_record(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of all records, with `-` for what is empty and unquoted.
    fn read(text: &str, width: usize, step: usize) -> Result<Vec<String>, String> {
        let mut records = Records::new(width, b',');
        let mut lines = Vec::new();
        let mut take = |records: &mut Records| {
            for record in 0..records.len() {
                let fields =
                    (0..width).map(|column| match records.field(record, column).unwrap() {
                        (b"", false) => "-".to_owned(),
                        (text, _) => String::from_utf8(text.to_vec()).unwrap(),
                    });
                lines.push(fields.collect::<Vec<_>>().join("|"));
            }
            records.clear();
        };
        for chunk in text.as_bytes().chunks(step) {
            let mut rest = chunk;
            while !rest.is_empty() {
                let taken = records.read(rest, 2).map_err(|error| error.strip_backtrace())?;
                rest = &rest[taken..];
                if records.len() == 2 {
                    take(&mut records);
                }
            }
        }
        records.finish().map_err(|error| error.strip_backtrace())?;
        take(&mut records);
        Ok(lines)
    }

    #[test]
    fn records_are_read_in_pieces_of_any_size() {
        let text = "\u{feff}a,b\r\n1,\"\"\n\n,\"x\"\"y,\nz\"\r2,ä\n\"q\"r,s\"t\n3,";
        let expected = ["a|b", "1|", "-|x\"y,\nz", "2|ä", "qr|s\"t", "3|-"];
        for step in [1, 2, 3, 7, 1000] {
            assert_eq!(read(text, 2, step).unwrap(), expected, "{step}");
        }
        assert_eq!(read("a\n\n\"\"\nb\n", 1, 3).unwrap(), ["a", "-", "", "b"]);
        assert_eq!(read("", 2, 1).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_record_is_placed() {
        let error = read("a,b\n\n1,2\n1,2,3\n", 2, 100).unwrap_err();
        assert!(error.ends_with("line 4 has 3 fields, and not 2"), "{error}");
        let error = read("a,b\n1,\"2\n3,4\n", 2, 100).unwrap_err();
        assert!(error.contains("the record of line 2 opens are not closed"), "{error}");
    }
}
