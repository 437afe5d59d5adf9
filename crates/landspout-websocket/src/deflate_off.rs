//! Without the feature `deflate` nothing is ever compressed: these types have no values.

use crate::config::Config;
use crate::error::ProtocolError;
use crate::handshake::extensions::Extension;

#[derive(Debug)]
pub(crate) enum Params {}

#[derive(Debug)]
pub(crate) enum Codec {}

impl Codec {
    pub(crate) fn new(params: Params) -> Codec {
        match params {}
    }

    pub(crate) fn deflate(&mut self, _payload: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }

    pub(crate) fn inflate(
        &mut self,
        _payload: &[u8],
        _sink: impl FnMut(&[u8]) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        match *self {}
    }

    pub(crate) fn shared(&self, _len: usize) -> Option<Shared> {
        match *self {}
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Shared {}

impl Shared {
    pub(crate) fn window_bits(self) -> u8 {
        match self {}
    }

    pub(crate) fn deflate(self, _payload: &[u8]) -> Option<Vec<u8>> {
        match self {}
    }
}

pub(crate) fn accept(_config: &Config, _offers: &[Extension]) -> Option<(Params, String)> {
    None
}

pub(crate) fn offer(_config: &Config) -> Option<String> {
    None
}

pub(crate) fn confirm(_config: &Config, _answer: &Extension) -> Option<Params> {
    None
}
