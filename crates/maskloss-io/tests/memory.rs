//! A header may declare gigabytes; memory is asked for only once the file is known to hold them.
//!
//! The peak of the address space counts memory that was reserved and never touched, too. It is one figure for
//! the whole process, so this test has a process of its own.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;

use maskloss_io::{Format, Limits, read_bytes};

/// Peak of the address space, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn fixture(file: &str) -> Vec<u8> {
    fs::read([env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", file].iter().collect::<PathBuf>()).unwrap()
}

#[test]
fn what_a_header_declares_is_not_allocated() {
    let read = |format, bytes: &[u8]| read_bytes(format, bytes, None, &Limits::default());
    let mut nifti = fixture("nifti1_i2_le.nii");
    read(Format::Nifti, &nifti).unwrap();
    let before = peak();

    for length in [1000i16, 1200] {
        for axis in 1..=3 {
            nifti[40 + 2 * axis..42 + 2 * axis].copy_from_slice(&length.to_le_bytes());
        }
        assert_eq!(read(Format::Nifti, &nifti).unwrap_err().code(), "truncated");
    }
    for shape in ["(4294967296,)", "(65536, 65535)"] {
        let header = format!("{{'descr': '|u1', 'fortran_order': True, 'shape': {shape}, }}");
        let file = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()].concat();
        assert_eq!(read(Format::Npy, &file).unwrap_err().code(), "truncated");
    }
    let grown = peak() - before;
    assert!(grown < 1 << 14, "{grown} KiB for files of a few hundred bytes");
}
