//! What a key is hashed from: a stream of tagged, length-prefixed parts.

use datafusion::common::Result;

use super::PlanKey;

/// A hasher whose input can be read in one way only, so that different structures cannot
/// write the same bytes.
pub(super) struct Sink(blake3::Hasher);

impl Sink {
    pub(super) fn new(tag: &str) -> Self {
        let mut sink = Sink(blake3::Hasher::new());
        sink.text(tag);
        sink
    }

    pub(super) fn finish(&self) -> PlanKey {
        PlanKey(*self.0.finalize().as_bytes())
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    pub(super) fn number(&mut self, number: u64) {
        self.0.update(&number.to_le_bytes());
    }

    pub(super) fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.0.update(&[u8::from(flag)]);
    }

    pub(super) fn key(&mut self, key: PlanKey) {
        self.0.update(&key.0);
    }

    /// A list with its length.
    pub(super) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        mut write: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        let items = items.into_iter();
        self.size(items.len());
        for item in items {
            write(self, item)?;
        }
        Ok(())
    }

    /// Something or nothing, told apart.
    pub(super) fn option<T>(
        &mut self,
        item: Option<T>,
        write: impl FnOnce(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        self.flag(item.is_some());
        item.map_or(Ok(()), |item| write(self, item))
    }
}
