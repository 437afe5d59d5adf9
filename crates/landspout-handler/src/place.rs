//! Where a request is kept: as it is used, or packed.

use crate::origin::Origin;
use crate::packed::Packed;
use crate::route::Taken;
use crate::spare::Head;
use crate::{Body, Connection, Deadline, State, Upgrade};

/// The place of a request, which is moved around in its stead.
pub(crate) enum Place {
    Whole(Box<Whole>),
    Packed(Box<Packed>),
}

/// A request as it is used.
pub(crate) struct Whole {
    pub(crate) content: Content,
    pub(crate) about: About,
}

/// What came over the wire.
pub(crate) struct Content {
    pub(crate) head: Head,
    pub(crate) body: Body,
}

/// What is known of it beyond that.
#[derive(Default)]
pub(crate) struct About {
    pub(crate) connection: Connection,
    pub(crate) origin: Origin,
    pub(crate) taken: Option<Taken>,
    pub(crate) state: Option<State>,
    pub(crate) upgrade: Option<Upgrade>,
    pub(crate) deadline: Option<Deadline>,
}

impl Place {
    #[inline]
    pub(crate) fn new(head: Head, body: Body) -> Place {
        // Into its place at once: the head is hundreds of bytes.
        let place = Box::new_uninit();
        let content = Content { head, body };
        Place::Whole(Box::write(place, Whole { content, about: About::default() }))
    }

    #[inline]
    pub(crate) fn content(&self) -> &Content {
        match self {
            Place::Whole(whole) => &whole.content,
            Place::Packed(packed) => packed.content(),
        }
    }

    #[inline]
    pub(crate) fn content_mut(&mut self) -> &mut Content {
        if let Place::Packed(packed) = self {
            *self = packed.unpack();
        }
        match self {
            Place::Whole(whole) => &mut whole.content,
            Place::Packed(_) => unreachable!("it was unpacked"),
        }
    }

    #[inline]
    pub(crate) fn into_content(mut self) -> Content {
        self.content_mut();
        match self {
            Place::Whole(whole) => whole.content,
            Place::Packed(_) => unreachable!("it was unpacked"),
        }
    }

    #[inline]
    pub(crate) fn about(&self) -> &About {
        match self {
            Place::Whole(whole) => &whole.about,
            Place::Packed(packed) => packed.about(),
        }
    }

    #[inline]
    pub(crate) fn about_mut(&mut self) -> &mut About {
        match self {
            Place::Whole(whole) => &mut whole.about,
            Place::Packed(packed) => packed.about_mut(),
        }
    }

    /// Takes as little memory as it can: of its own, and of what it shares.
    pub(crate) fn pack(&mut self) {
        self.content_mut();
        if let Place::Whole(whole) = self
            && let Some(packed) = Packed::of(whole)
        {
            *self = Place::Packed(Box::new(packed));
        }
    }

    /// The path of its target.
    pub(crate) fn path(&self) -> &str {
        match self {
            Place::Whole(whole) => whole.content.head.uri.path(),
            Place::Packed(packed) => packed.path(),
        }
    }
}
