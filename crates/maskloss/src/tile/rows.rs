//! Pixels as they lie in memory with channels last: a row of all classes each.

use crate::criterion::{Activation, Criterion};
use crate::tensor::{Floats, Input, Layout, Planes, Target};
use crate::tile::{BLOCK, Block, Span};

/// The most classes whose rows the kernels take as they are.
const FEW: usize = 4;

/// The probabilities of whole blocks of pixels and their per-class targets, row after row, every pixel counting once. As each
/// class stands on its own, nothing has to be turned into planes: a vector holds some pixels of all classes.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) classes: usize,
    pub(crate) prediction: &'a [Block],
    pub(crate) target: &'a [Block],
}

impl<'a> Rows<'a> {
    /// The rows of the whole blocks of a span; `None` where the call is of another kind.
    pub(crate) fn of(criterion: &Criterion, input: &Input<'a>, span: Span) -> Option<Self> {
        let shape = input.shape;
        let weighted = input.pixel_weights.is_some() || criterion.ignore_index.is_some();
        let few = (2..=FEW).contains(&shape.classes);
        if shape.layout != Layout::ChannelsLast || criterion.activation != Activation::None || weighted || !few {
            return None;
        }
        let (Floats::F32(prediction), Target::PerClass(Planes::F32(target))) = (input.prediction, input.target) else {
            return None;
        };
        let from = span.sample * shape.sample_len() + span.from * shape.classes;
        let len = span.len / BLOCK * BLOCK * shape.classes;
        let part = |data: &'a [f32]| data[from..from + len].as_chunks().0;
        Some(Self { classes: shape.classes, prediction: part(prediction), target: part(target) })
    }

    /// The pixels.
    pub(crate) fn pixels(&self) -> usize {
        self.prediction.len() / self.classes * BLOCK
    }
}
