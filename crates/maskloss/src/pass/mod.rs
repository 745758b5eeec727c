//! The passes over a batch: cut into tasks, run on threads, tile by tile through the kernels.

pub(crate) mod additions;
pub(crate) mod gradient;
pub(crate) mod lovasz;
pub(crate) mod one_pass;
pub(crate) mod pixel_losses;
pub(crate) mod spans;
pub(crate) mod statistics;
pub(crate) mod top_percent;
