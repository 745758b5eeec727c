//! Files from libraries, files cut short, files made to mislead.

mod cuts;
mod fixtures;
mod hostile_nifti;
mod hostile_numpy;
mod hostile_png;
mod mutations;
mod paths;
mod support;
