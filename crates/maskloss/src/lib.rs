//! Segmentation losses.
#![forbid(unsafe_code)]
