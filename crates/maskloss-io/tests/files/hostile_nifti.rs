//! NIfTI headers that lie.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use crate::support::{bytes, code, patched, read_as, refuse};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn shorts(values: &[i16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Places of NIfTI-1 fields.
const DIM: usize = 40;
const DATATYPE: usize = 70;
const BITPIX: usize = 72;
const VOX_OFFSET: usize = 108;
const SLOPE: usize = 112;
const INTER: usize = 116;
const QFORM_CODE: usize = 252;
const QUATERN: usize = 256;
const SROW: usize = 280;
const MAGIC: usize = 344;

#[test]
fn fields_out_of_range() {
    let good = bytes("nifti1_i2_le.nii");
    let float = |value: f32| value.to_le_bytes();
    let mut cases = Vec::new();
    let mut case = |what: String, at, with: &[u8], wanted| cases.push((what, patched(&good, at, with), wanted));

    case("another size of header".into(), 0, &[0; 4], "header");
    case("Analyze 7.5".into(), MAGIC, &[0; 4], "header");
    case("two files".into(), MAGIC, b"ni1\0", "not-supported");
    for rank in [0, 8, 200, -1, i16::MIN] {
        case(format!("dim[0] = {rank}"), DIM, &shorts(&[rank]), "header");
    }
    for length in [0, -1, i16::MIN] {
        case(format!("dim[1] = {length}"), DIM + 2, &shorts(&[length]), "header");
    }
    case("2¹⁰⁵ voxels".into(), DIM, &shorts(&[7, 32767, 32767, 32767, 32767, 32767, 32767, 32767]), "header");
    case("2⁶⁰ voxels".into(), DIM, &shorts(&[4, 32767, 32767, 32767, 32767]), "oversized");
    case("2 GB that are not there".into(), DIM, &shorts(&[3, 1000, 1000, 1000]), "truncated");
    for offset in [f32::NAN, f32::INFINITY, -1.0, 0.0, 348.0, 351.0, 352.5, 1e30, 4_294_967_296.0] {
        case(format!("vox_offset = {offset}"), VOX_OFFSET, &float(offset), "header");
    }
    case("vox_offset beyond the file".into(), VOX_OFFSET, &float(4096.0), "truncated");
    for datatype in [1, 32, 128, 1536, 1792, 2048, 2304] {
        case(format!("datatype {datatype}"), DATATYPE, &shorts(&[datatype]), "not-supported");
    }
    for datatype in [0, 3, 255, -4, i16::MAX] {
        case(format!("datatype {datatype}"), DATATYPE, &shorts(&[datatype]), "header");
    }
    case("bitpix 8 for int16".into(), BITPIX, &shorts(&[8]), "header");
    case("datatype int32 with bitpix 16".into(), DATATYPE, &shorts(&[8]), "header");
    case("infinite slope".into(), SLOPE, &float(f32::NEG_INFINITY), "header");
    case("infinite intercept".into(), SLOPE, &[float(2.0), float(f32::INFINITY)].concat(), "header");
    case("intercept NaN beside a slope of 1".into(), INTER, &float(f32::NAN), "header");
    case("NaN in the affine".into(), SROW + 4 * 7, &float(f32::NAN), "header");
    refuse("a.nii", cases);

    let quaternion = patched(&patched(&good, QFORM_CODE, &shorts(&[1, 0])), QUATERN, &float(f32::INFINITY));
    assert_eq!(code("a.nii", &quaternion), "header");
}

/// The specification of the second version allows 64-bit lengths.
#[test]
fn fields_out_of_range_in_version_2() {
    let good = bytes("nifti2_i2_le.nii");
    let long = |value: i64| value.to_le_bytes();
    let mut cases = Vec::new();
    let mut case = |what: &str, at, with: &[u8], wanted| cases.push((what.into(), patched(&good, at, with), wanted));
    case("an axis of 2⁶³ − 1", 24, &long(i64::MAX), "header");
    case("an axis of 2⁶⁰", 24, &long(1 << 60), "oversized");
    case("an axis of 2⁵⁰", 24, &long(1 << 50), "oversized");
    case("a negative axis", 24, &long(-1), "header");
    case("rank 2³²", 16, &long(1 << 32), "header");
    case("a negative vox_offset", 168, &long(-544), "header");
    case("vox_offset within the header", 168, &long(540), "header");
    case("vox_offset 2⁶³ − 1", 168, &long(i64::MAX), "truncated");
    case("a transfer as text", 8, b"\n\x1a\n\0", "corrupt");
    case("two files", 4, b"ni2\0", "not-supported");
    case("no magic", 4, b"    ", "header");
    refuse("a.nii", cases);
}

#[test]
fn compressed_files_that_lie() {
    let good = bytes("nifti1_i2_le.nii");
    assert!(read_as("a.nii.gz", &gzip(&good), None).is_ok());
    let two_gigabytes = patched(&good, DIM, &shorts(&[3, 1000, 1000, 1000]));
    let last = gzip(&good).len() - 1;
    refuse(
        "a.nii.gz",
        vec![
            ("2 GB out of 200 bytes".into(), gzip(&two_gigabytes), "truncated"),
            ("one voxel too few".into(), gzip(&good[..good.len() - 2]), "truncated"),
            ("one byte too many".into(), gzip(&[&good[..], b"\0"].concat()), "trailing-data"),
            ("another length in the trailer".into(), patched(&gzip(&good), last, b"\x07"), "checksum"),
            ("another checksum".into(), patched(&gzip(&good), last - 4, b"\x07"), "checksum"),
            ("a method that is not deflate".into(), patched(&gzip(&good), 2, b"\x07"), "corrupt"),
            ("an image in gzip".into(), gzip(b"\x89PNG\r\n\x1a\n and so on"), "header"),
            ("gzip in gzip".into(), gzip(&gzip(&good)), "header"),
        ],
    );
}

/// A whole image and then megabytes of zeros. The file is cut within the zeros, which a reader that unpacks
/// them would report; ours has stopped one byte after the array.
#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = gzip(&[bytes("nifti1_i2_le.nii"), vec![0; 1 << 24]].concat());
    assert_eq!(code("a.nii.gz", &bomb[..bomb.len() / 2]), "trailing-data");
}
