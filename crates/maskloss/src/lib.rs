//! Segmentation losses and their gradients on the CPU: Dice in its variants, cross-entropies, and weighted sums of them.
//!
//! Two hot passes and small pure losses: [`evaluate`] reads the prediction once and takes a few sums for each sample and class
//! (`statistics`), a loss turns the sums into a number and into coefficients (`loss`), and a second pass writes the gradient
//! (`gradient`). The same inputs give the same bits at any number of threads, any SIMD level, either layout, and any split of the
//! samples over calls.
#![forbid(unsafe_code)]

mod accumulate;
mod activation;
mod check;
mod class_target;
mod count;
mod criterion;
mod derivative;
mod evaluate;
mod fault;
mod gradient;
mod label;
mod log_loss;
mod loss;
mod parallel;
mod pixel_losses;
mod planes;
mod simd;
mod spans;
mod statistics;
mod statistics_pass;
mod sum;
mod tensor;
mod tile;
mod wide;

pub use count::{CountInput, Decision, SampleCounts, count, distinct_labels};
pub use criterion::{
    Activation, BinaryCrossEntropy, Criterion, CrossEntropy, EmptyClass, Form, Loss, MeanOver, Reduction, Region,
    ScorePer, Term, Transform, WeightMode,
};
pub use evaluate::{Evaluation, evaluate};
pub use fault::{Fault, FaultKind};
pub use gradient::Gradient;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub use parallel::panic_in_pool;
pub use parallel::{Execution, available_threads};
pub use simd::Level;
pub use sum::ExactSum;
pub use tensor::{Floats, FloatsMut, Input, Labels, Layout, Planes, Shape, Target};
