//! The fields of a NIfTI header that matter here, from either version and byte order.

use std::io::Read;

use crate::error::ReadError;
use crate::source::{Fields, read_all};

/// A checked header. `dims` are `dim[1]` to `dim[dim[0]]`, each at least 1.
pub(super) struct Header {
    /// Bytes of the header itself.
    pub(super) size: u64,
    pub(super) big_endian: bool,
    pub(super) dims: Vec<u64>,
    pub(super) datatype: i16,
    pub(super) bitpix: i16,
    pub(super) pixdim: [f64; 8],
    /// Where the voxels begin; beyond the header.
    pub(super) vox_offset: u64,
    pub(super) scl_slope: f64,
    pub(super) scl_inter: f64,
    pub(super) qform_code: i32,
    pub(super) sform_code: i32,
    /// Quaternion b, c, d, then offsets x, y, z.
    pub(super) qform: [f64; 6],
    pub(super) srow: [f64; 12],
    /// 3·ε of the type in which the quaternion is stored.
    pub(super) quaternion_tolerance: f64,
}

const SIZE_1: usize = 348;
const SIZE_2: usize = 540;

impl Header {
    /// Reads a header from the start of a file. Its first field is its own size and tells version and order.
    pub(super) fn read(input: &mut impl Read) -> Result<Self, ReadError> {
        const PART: &str = "NIfTI header";
        let mut bytes = [0; SIZE_2];
        read_all(input, &mut bytes[..4], PART)?;
        for big_endian in [false, true] {
            let size = Fields { bytes: &bytes, big_endian }.i32(0);
            if size == SIZE_1 as i32 {
                read_all(input, &mut bytes[4..SIZE_1], PART)?;
                return Self::version_1(Fields { bytes: &bytes[..SIZE_1], big_endian });
            }
            if size == SIZE_2 as i32 {
                read_all(input, &mut bytes[4..], PART)?;
                return Self::version_2(Fields { bytes: &bytes, big_endian });
            }
        }
        let found = Fields { bytes: &bytes, big_endian: false }.i32(0);
        Err(ReadError::header("sizeof_hdr", "348 (NIfTI-1) or 540 (NIfTI-2)", found))
    }

    fn version_1(fields: Fields<'_>) -> Result<Self, ReadError> {
        check_magic(&fields.bytes[344..348], b"n+1\0", b"ni1\0")?;
        let offset = fields.f32(108);
        // 4 GiB of extensions before the voxels are no image; a NaN has no fraction of 0.
        if offset.fract() != 0.0 || !(0.0..4_294_967_296.0).contains(&offset) {
            return Err(ReadError::header("vox_offset", "a whole number of bytes below 2³²", offset));
        }
        Self {
            size: SIZE_1 as u64,
            big_endian: fields.big_endian,
            dims: dims(std::array::from_fn(|i| fields.i16(40 + 2 * i).into()))?,
            datatype: fields.i16(70),
            bitpix: fields.i16(72),
            pixdim: std::array::from_fn(|i| fields.f32(76 + 4 * i).into()),
            vox_offset: offset as u64,
            scl_slope: fields.f32(112).into(),
            scl_inter: fields.f32(116).into(),
            qform_code: fields.i16(252).into(),
            sform_code: fields.i16(254).into(),
            qform: std::array::from_fn(|i| fields.f32(256 + 4 * i).into()),
            srow: std::array::from_fn(|i| fields.f32(280 + 4 * i).into()),
            quaternion_tolerance: 3.0 * f64::from(f32::EPSILON),
        }
        .checked()
    }

    fn version_2(fields: Fields<'_>) -> Result<Self, ReadError> {
        check_magic(&fields.bytes[4..8], b"n+2\0", b"ni2\0")?;
        // A transfer as text would change these four bytes, as it would in a PNG file.
        let newlines = &fields.bytes[8..12];
        if newlines != b"\r\n\x1a\n" && newlines != [0; 4] {
            return Err(ReadError::corrupt("13, 10, 26, 10 after the magic n+2", format!("{newlines:?}")));
        }
        let offset = fields.i64(168);
        Self {
            size: SIZE_2 as u64,
            big_endian: fields.big_endian,
            dims: dims(std::array::from_fn(|i| fields.i64(16 + 8 * i)))?,
            datatype: fields.i16(12),
            bitpix: fields.i16(14),
            pixdim: std::array::from_fn(|i| fields.f64(104 + 8 * i)),
            vox_offset: u64::try_from(offset)
                .map_err(|_| ReadError::header("vox_offset", "a number of bytes", offset))?,
            scl_slope: fields.f64(176),
            scl_inter: fields.f64(184),
            qform_code: fields.i32(344),
            sform_code: fields.i32(348),
            qform: std::array::from_fn(|i| fields.f64(352 + 8 * i)),
            srow: std::array::from_fn(|i| fields.f64(400 + 8 * i)),
            quaternion_tolerance: 3.0 * f64::EPSILON,
        }
        .checked()
    }

    /// The voxels come after the header and the four bytes that announce extensions.
    fn checked(self) -> Result<Self, ReadError> {
        let least = self.size + 4;
        if self.vox_offset < least {
            return Err(ReadError::header("vox_offset", format!("at least {least}"), self.vox_offset));
        }
        Ok(self)
    }
}

fn check_magic(found: &[u8], single: &[u8; 4], pair: &[u8; 4]) -> Result<(), ReadError> {
    if found == single {
        return Ok(());
    }
    if found == pair {
        return Err(ReadError::two_files(".hdr/.img"));
    }
    let single = single[..3].escape_ascii();
    Err(ReadError::header("magic", single.to_string(), found.escape_ascii()))
}

/// `dim[0]` axes, each of at least one voxel.
fn dims(dim: [i64; 8]) -> Result<Vec<u64>, ReadError> {
    let rank = match dim[0] {
        rank @ 1..=7 => rank as usize,
        other => return Err(ReadError::header("dim[0]", "1 to 7 axes", other)),
    };
    dim[1..=rank]
        .iter()
        .map(|&length| match u64::try_from(length) {
            Ok(length) if length > 0 => Ok(length),
            _ => Err(ReadError::header("dim", "at least one voxel along every axis", format!("{:?}", &dim[1..=rank]))),
        })
        .collect()
}
