//! gzip and deflate.

use super::{Progress, malformed};
use flate2::{Decompress, FlushDecompress, Status};
use landspout_handler::BodyError;

/// The largest window, which any stream can be read with.
const WINDOW_BITS: u8 = 15;

/// Members that a stream may have beside one for each KiB of it. Each costs as much as a page of
/// output, and one of 20 bytes can be empty; who compresses in blocks makes them larger.
const MAX_MEMBERS: u64 = 100;

/// Decodes gzip or deflate.
#[derive(Debug)]
pub(super) struct Inflate {
    is_gzip: bool,
    /// The member that is being read; `None` before the first and between two.
    member: Option<Decompress>,
    /// Members that have begun.
    members: u64,
    /// Bytes of the stream that have been read.
    taken: u64,
}

impl Inflate {
    pub(super) fn gzip() -> Inflate {
        Inflate { is_gzip: true, member: None, members: 0, taken: 0 }
    }

    pub(super) fn deflate() -> Inflate {
        Inflate { is_gzip: false, member: None, members: 0, taken: 0 }
    }

    pub(super) fn decode(
        &mut self,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<Progress, BodyError> {
        let member = match &mut self.member {
            Some(member) => member,
            None => {
                if self.members > MAX_MEMBERS + self.taken / 1024 {
                    return Err(malformed("the compressed bytes are in too many members"));
                }
                let member = next_member(self.is_gzip, self.members > 0, input)?;
                self.members += 1;
                self.member.insert(member)
            }
        };
        let (before_in, before_out) = (member.total_in(), member.total_out());
        let status = member
            .decompress(input, output, FlushDecompress::None)
            .map_err(|_| malformed("the compressed bytes are not valid"))?;
        let taken = usize::try_from(member.total_in() - before_in);
        let made = usize::try_from(member.total_out() - before_out);
        let taken = taken.expect("no more is taken than there was");
        self.taken += taken as u64;
        let made = made.expect("no more is made than there was room for");
        let has_more = status != Status::StreamEnd && made == output.len();
        if status == Status::StreamEnd {
            self.member = None;
        } else if status == Status::BufError && !has_more && taken < input.len() {
            return Err(malformed("the compressed bytes lead nowhere"));
        }
        Ok(Progress { taken, made, has_more })
    }

    pub(super) fn is_finished(&self) -> bool {
        self.member.is_none()
    }
}

/// Begins what the next byte belongs to: a gzip stream is any number of members (RFC 1952 §2.2), a
/// deflate stream is one.
fn next_member(is_gzip: bool, began: bool, input: &[u8]) -> Result<Decompress, BodyError> {
    match is_gzip {
        true => Ok(Decompress::new_gzip(WINDOW_BITS)),
        false if began => Err(malformed("there is more after the compressed bytes")),
        // RFC 9110 §8.4.1.2: deflate has a zlib header, and some send it without. The header begins
        // with an 8 in its lower half (RFC 1950 §2.2); no deflate encoder begins a block so.
        false => Ok(Decompress::new(input.first().is_some_and(|byte| byte & 15 == 8))),
    }
}
