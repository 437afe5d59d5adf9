//! The routes without parameters.

/// Whole paths, and the place of each.
///
/// A path that is one of these has its route after a look at those of its length; the tree would
/// take the path apart. Others pay for a look at a list that is mostly empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plain {
    /// By length, in bytes; then ascending.
    by_len: Vec<Vec<(Box<str>, usize)>>,
}

impl Plain {
    /// Adds a path that is not there yet.
    pub(crate) fn insert(&mut self, path: &str, place: usize) {
        if self.by_len.len() <= path.len() {
            self.by_len.resize_with(path.len() + 1, Vec::new);
        }
        let list = &mut self.by_len[path.len()];
        let at = list.partition_point(|(other, _)| **other < *path);
        list.insert(at, (path.into(), place));
    }

    /// Forgets the places from `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.by_len.iter_mut().for_each(|list| list.retain(|&(_, place)| place < len));
    }

    #[inline]
    pub(crate) fn at(&self, path: &str) -> Option<usize> {
        let list = self.by_len.get(path.len())?;
        let at = list.binary_search_by(|(other, _)| (**other).cmp(path)).ok()?;
        Some(list[at].1)
    }
}
