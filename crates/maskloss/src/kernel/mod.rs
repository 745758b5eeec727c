//! The two hot kernels on one tile, and what they share: activation, the sums of pass 1, the derivative of pass 2.
//!
//! Each function that touches pixels runs at one SIMD level (`dispatch!`); everything below it is `#[inline(always)]`.

pub(crate) mod accumulate;
pub(crate) mod activation;
pub(crate) mod class_target;
pub(crate) mod derivative;
pub(crate) mod groups;
pub(crate) mod log_loss;
pub(crate) mod log_product;
pub(crate) mod lovasz;
pub(crate) mod pixel;
pub(crate) mod probabilities;
pub(crate) mod registers;
pub(crate) mod rows;
pub(crate) mod slope;
pub(crate) mod sums;
pub(crate) mod wasserstein;
pub(crate) mod wide;
