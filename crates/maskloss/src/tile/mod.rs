//! A tile: some pixels of one sample, all classes, in blocks of 16 pixels. With the scratch, one of up to some hundred classes
//! fits the L2 cache.
//!
//! Everything a caller's memory may look like (dtype, layout, labels or planes, ignored pixels, tails) ends here: behind this
//! module there are only planes of `f32` blocks. A plane that already looks so is borrowed.

pub(crate) mod check;
pub(crate) mod interleaved;
pub(crate) mod label;
pub(crate) mod loader;
pub(crate) mod planes;
pub(crate) mod rows;

use crate::tensor::{Layout, Shape};

/// 16 pixels of one plane.
pub(crate) type Block = [f32; 16];
/// The pixels of a block.
pub(crate) const BLOCK: usize = 16;
/// The pixels whose sums are folded together, counted from the plane's start. Part of the numerics.
pub(crate) const CHUNK: usize = 4096;
/// What the planes of a tile may take, up to 256 classes: with the scratch, a part of a usual L2 cache. Half of an L1 cache was 10 %
/// slower at 19 classes: the loops over its pixels are too short.
const TILE_BYTES: usize = 128 << 10;

/// The most pixels of a tile.
pub(crate) const LARGEST_TILE: usize = 1024;
/// The fewest: with 64, 300 classes take 2.7 times as long (AVX-512; AVX2 1.3), waiting for memory.
const LEAST_TILE: usize = 128;
/// Half as many with more classes than this: channels last, whose planes are made first, gains a seventh to a fifth with 19.
const FEW_CLASSES: usize = 10;

/// The pixels of a tile: a power of two, so that tiles divide a chunk. It belongs to the numerics only where predictions are not finite,
/// or some pixels are weighted, ignored or a tail.
pub(crate) fn tile_pixels(classes: usize) -> usize {
    let fitting = TILE_BYTES / (size_of::<f32>() * classes.max(1));
    let largest = if classes > FEW_CLASSES { LARGEST_TILE / 2 } else { LARGEST_TILE };
    (1 << fitting.max(1).ilog2()).clamp(LEAST_TILE, largest)
}

/// The most blocks of a tile of such samples: scratch is not for pixels that are not there.
pub(crate) fn tile_blocks(classes: usize, pixels: usize) -> usize {
    (tile_pixels(classes) / BLOCK).min(pixels.div_ceil(BLOCK))
}

/// C planes of blocks: the caller's own, or a scratch.
#[derive(Clone, Copy)]
pub(crate) struct PlaneSet<'a> {
    /// Plane c starts at `c · stride`.
    data: &'a [f32],
    stride: usize,
    blocks: usize,
    /// What the next tile is made from: its planes, or rows of as many values.
    ahead: &'a [f32],
}

impl<'a> PlaneSet<'a> {
    /// The caller's planes of a span of whole blocks.
    #[inline(always)]
    pub(crate) fn borrow(source: &'a [f32], shape: Shape, span: Span) -> Self {
        let sample = &source[span.sample * shape.sample_len()..][..shape.sample_len()];
        let (data, stride) = (&sample[span.from..], shape.pixels);
        Self { data, stride, blocks: span.len / BLOCK, ahead: data.get(span.len..).unwrap_or_default() }
    }

    /// Planes one after the other.
    #[inline(always)]
    pub(crate) fn scratch(data: &'a [Block], blocks: usize) -> Self {
        Self { data: data.as_flattened(), stride: blocks * BLOCK, blocks, ahead: &[] }
    }

    /// The same planes, made from this span of a sample.
    #[inline(always)]
    pub(crate) fn reading_ahead(self, sample: &'a [f32], shape: Shape, span: Span) -> Self {
        if shape.layout == Layout::ChannelsLast {
            let ahead = &sample[(span.from + span.len) * shape.classes..];
            Self { ahead, ..self }
        } else {
            self
        }
    }

    /// As many of the caller's blocks as one plane has, of those that the next tile wants; or the same ones. Departure 20: each of its
    /// planes is too short a stream for the processor to notice, and rows of all classes come at once, while nothing is computed.
    #[inline(always)]
    pub(crate) fn plane_ahead(&self, class: usize) -> &'a [Block] {
        match self.ahead.get(class * self.stride..class * self.stride + self.blocks * BLOCK) {
            Some(ahead) => ahead.as_chunks().0,
            None => self.plane(class),
        }
    }

    /// The blocks of one plane.
    #[inline(always)]
    pub(crate) fn plane(&self, class: usize) -> &'a [Block] {
        self.data[class * self.stride..][..self.blocks * BLOCK].as_chunks().0
    }

    /// What is left behind so many blocks.
    fn after(self, done: usize) -> Self {
        let ahead = self.ahead.get(done * BLOCK..).unwrap_or_default();
        Self { data: &self.data[done * BLOCK..], blocks: self.blocks - done, ahead, ..self }
    }
}

/// What the pixels of a tile are compared with.
#[derive(Clone, Copy)]
pub(crate) enum TileTarget<'a> {
    /// The class of each pixel; −1: none of the classes (or not read). `present`: the classes that occur, ascending.
    Labels { labels: &'a [[i32; BLOCK]], present: &'a [usize] },
    /// A plane for each class.
    Planes(PlaneSet<'a>),
}

/// A tile, ready for the kernels. Pixels that do not count (ignored, of weight 0, or beyond a tail) have weight 0, no class, and
/// prediction and targets of 0: whatever lay there was not read.
#[derive(Clone, Copy)]
pub(crate) struct Tile<'a> {
    pub(crate) classes: usize,
    pub(crate) blocks: usize,
    pub(crate) prediction: PlaneSet<'a>,
    pub(crate) target: TileTarget<'a>,
    /// `None`: every pixel counts once.
    pub(crate) weights: Option<&'a [Block]>,
    /// The pixels that count.
    pub(crate) valid: usize,
}

impl<'a> Tile<'a> {
    /// The labels, where every pixel counts once.
    pub(crate) fn plain_labels(&self) -> Option<&'a [[i32; BLOCK]]> {
        match (self.target, self.weights) {
            (TileTarget::Labels { labels, .. }, None) => Some(&labels[..self.blocks]),
            _ => None,
        }
    }

    /// What is left behind so many blocks, where every pixel counts once and the target is of labels; or all, behind none.
    pub(crate) fn after(self, done: usize) -> Self {
        let target = match self.target {
            TileTarget::Labels { labels, present } => TileTarget::Labels { labels: &labels[done..], present },
            planes => planes,
        };
        let valid = self.valid - done * BLOCK;
        Self { blocks: self.blocks - done, prediction: self.prediction.after(done), target, valid, ..self }
    }
}

/// Some pixels of one sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) sample: usize,
    pub(crate) from: usize,
    pub(crate) len: usize,
}

impl Span {
    /// What is left behind so many pixels.
    pub(crate) fn after(self, done: usize) -> Self {
        Self { from: self.from + done, len: self.len - done, ..self }
    }
}

/// At least so many elements; what is in them does not matter.
pub(crate) fn fit<T: Clone + Default>(buffer: &mut Vec<T>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, T::default());
    }
}
