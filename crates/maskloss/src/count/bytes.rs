//! Counts of two maps of bytes, which need to be read and little more.

use super::members::Members;
use super::runs::Runs;
use super::{CountInput, Decision, SampleCounts};
use crate::simd::{Level, dispatch};
use crate::tensor::{Labels, Target};
use crate::tile::Span;

/// Some pixels of both maps.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) predicted: &'a [u8],
    pub(super) referred: &'a [u8],
}

impl<'a> Pair<'a> {
    /// So many of the pixels from this one on, as far as there are any.
    pub(super) fn part(self, from: usize, len: usize) -> Self {
        let part = |map: &'a [u8]| &map[from..map.len().min(from + len)];
        Self { predicted: part(self.predicted), referred: part(self.referred) }
    }
}

/// One worker's counts of bytes.
pub(super) struct ByteCounter<'a> {
    maps: Pair<'a>,
    pixels: usize,
    method: Method,
}

/// Which one serves depends on the regions.
enum Method {
    /// As fast on noise as on real maps.
    Members(Members),
    /// For any labels, and faster the longer their runs.
    Runs(Runs),
}

impl<'a> ByteCounter<'a> {
    /// `None` where the input is another one, or the regions are not for these methods.
    pub(super) fn new(input: &CountInput<'a>) -> Option<Self> {
        let (Decision::Labels(Labels::U8(predicted)), Target::Labels(Labels::U8(referred))) =
            (input.prediction, input.reference)
        else {
            return None;
        };
        let ignored = input.ignore_index.and_then(|label| u8::try_from(label).ok());
        let members = Members::new(input.regions, ignored).map(Method::Members);
        let method = members.or_else(|| Runs::new(input.regions, ignored).map(Method::Runs))?;
        Some(Self { maps: Pair { predicted, referred }, pixels: input.shape.pixels, method })
    }

    pub(super) fn add_span(&mut self, level: Level, span: Span, counts: &mut SampleCounts) {
        let start = span.sample * self.pixels + span.from;
        let pixels = start..start + span.len;
        let part = Pair { predicted: &self.maps.predicted[pixels.clone()], referred: &self.maps.referred[pixels] };
        match &mut self.method {
            Method::Members(members) => dispatch!(level, simd => members.add_part(simd, part, counts)),
            Method::Runs(runs) => dispatch!(level, simd => runs.add_part(simd, part, counts)),
        }
    }
}
