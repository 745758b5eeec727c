//! Segmentation losses.
#![forbid(unsafe_code)]

mod simd;
mod sum;
