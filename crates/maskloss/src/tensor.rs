//! Checked views of the caller's memory. Nothing here owns or copies.

/// Where the class axis lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[samples, classes, pixels]`.
    ChannelsFirst,
    /// `[samples, pixels, classes]`.
    ChannelsLast,
}

/// The extents of a prediction. `pixels` is the product of the spatial axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// N.
    pub samples: usize,
    /// C.
    pub classes: usize,
    /// V.
    pub pixels: usize,
    /// Where C lies.
    pub layout: Layout,
}

impl Shape {
    /// The elements of one sample.
    #[must_use]
    pub fn sample_len(&self) -> usize {
        self.classes * self.pixels
    }
}

/// A slice of any of the element types named.
macro_rules! slices {
    ($(#[$doc:meta])* $name:ident { $($variant:ident($type:ty)),+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name<'a> {
            $(#[doc = concat!("A slice of `", stringify!($type), "`.")] $variant(&'a [$type]),)+
        }

        impl<'a> $name<'a> {
            /// The number of elements.
            #[must_use]
            pub fn len(&self) -> usize {
                match self { $(Self::$variant(s) => s.len(),)+ }
            }

            /// Whether there is no element.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The part `from .. from + len`.
            #[allow(dead_code, reason = "not every family is cut")]
            #[inline(always)]
            #[must_use]
            pub(crate) fn part(&self, from: usize, len: usize) -> $name<'a> {
                match self { $(Self::$variant(s) => Self::$variant(&s[from..from + len]),)+ }
            }
        }
    };
}

slices! {
    /// Predictions and pixel weights.
    Floats { F32(f32), F64(f64) }
}
slices! {
    /// One label a pixel, as it lies. Floats are labels if every value is an integer.
    Labels { U8(u8), I8(i8), U16(u16), I16(i16), U32(u32), I32(i32), U64(u64), I64(i64), F32(f32), F64(f64) }
}
slices! {
    /// A target with a plane for each class.
    Planes { U8(u8), F32(f32), F64(f64) }
}

/// What the prediction is compared with.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// `[samples, pixels]`.
    Labels(Labels<'a>),
    /// The prediction's shape and layout.
    PerClass(Planes<'a>),
}

/// Where the gradient goes: the prediction's length, layout and dtype family.
#[derive(Debug)]
pub enum FloatsMut<'a> {
    /// A slice of `f32`.
    F32(&'a mut [f32]),
    /// A slice of `f64`.
    F64(&'a mut [f64]),
}

impl FloatsMut<'_> {
    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F32(s) => s.len(),
            Self::F64(s) => s.len(),
        }
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What one call reads. The lengths agree with the shape: `evaluate` and `count` assert it.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The extents.
    pub shape: Shape,
    /// Logits or probabilities.
    pub prediction: Floats<'a>,
    /// What it is compared with.
    pub target: Target<'a>,
    /// One weight a pixel, `[samples, pixels]`.
    pub pixel_weights: Option<Floats<'a>>,
}

impl Input<'_> {
    /// # Panics
    /// Where a length contradicts the shape.
    pub(crate) fn assert_lengths(&self) {
        let Shape { samples, pixels, .. } = self.shape;
        let elements = samples * self.shape.sample_len();
        assert_eq!(self.prediction.len(), elements, "length of the prediction");
        match self.target {
            Target::Labels(labels) => assert_eq!(labels.len(), samples * pixels, "length of the labels"),
            Target::PerClass(planes) => assert_eq!(planes.len(), elements, "length of the per-class target"),
        }
        if let Some(weights) = self.pixel_weights {
            assert_eq!(weights.len(), samples * pixels, "length of the pixel weights");
        }
    }
}
