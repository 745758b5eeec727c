//! Segmentation losses and their gradients on the CPU: Dice in its variants, correlation, cross-entropies, and weighted sums of them.
//!
//! Two hot passes and small pure losses: [`evaluate`] reads the prediction once and takes a few sums for each sample and class
//! (`statistics`), a loss turns the sums into a number and into coefficients (`loss`), and a second pass writes the gradient
//! (`gradient`). The same inputs give the same bits at any number of threads, any SIMD level, either layout, and any split of the
//! samples over calls.
#![forbid(unsafe_code)]

mod count;
mod criterion;
mod evaluate;
mod fault;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod floor;
mod kernel;
mod loss;
mod parallel;
mod pass;
mod scratch;
mod simd;
mod sort;
mod statistics;
mod sum;
mod tensor;
mod terms;
mod tile;

pub use count::{CountInput, Decision, SampleCounts, count, distinct_labels};
pub use criterion::{
    AbsentWeight, Activation, Averaging, BinaryCrossEntropy, Cells, Correlation, Criterion, CrossEntropy, EmptyClass,
    Form, Loss, Lovasz, LovaszForm, MeanOver, OuterTransform, Pixel, PixelForm, PixelFunction, Reduction, Region,
    ScorePer, SensitivitySpecificity, SoftTarget, Term, Transform, VolumeWeights, Volumes, Wasserstein,
    WassersteinWeighting, WeightMode,
};
pub use evaluate::{Evaluation, evaluate};
pub use fault::{Fault, FaultKind};
#[cfg(debug_assertions)]
#[doc(hidden)]
pub use parallel::panic_in_pool;
pub use parallel::{Execution, available_threads};
pub use pass::gradient::Gradient;
pub use simd::Level;
pub use sum::ExactSum;
pub use tensor::{Floats, FloatsMut, Input, Labels, Layout, Planes, Shape, Target};
