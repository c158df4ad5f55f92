//! Sine, cosine, tangent.

use super::Elementary;
use super::exponential::ROUND;

/// Up to here the quarter turns of an angle are counted exactly enough.
const ANGLE_MAX: f64 = 1e6;

/// The quadrant, sine and cosine of the rest of an angle.
#[inline(always)]
fn turned(x: f64) -> (u64, f64, f64) {
    // π/2 in three parts (Cody and Waite): the first product leaves an exact rest.
    const FIRST: f64 = std::f64::consts::FRAC_PI_2;
    const SECOND: f64 = 6.123_233_995_736_766e-17;
    const THIRD: f64 = -1.497_384_904_859_183_3e-33;
    let counted = x.mul_add(std::f64::consts::FRAC_2_PI, ROUND);
    let (n, quadrant) = (counted - ROUND, counted.to_bits() & 3);
    let exact = (-n).mul_add(FIRST, x);
    let product = n * SECOND;
    let r = exact - product;
    let low = ((exact - r) - product) - (n.mul_add(SECOND, -product) + n * THIRD);
    let z = r * r;
    let cube = z * r;
    let sine = {
        let p = z.mul_add(
            z.mul_add(
                z.mul_add(
                    z.mul_add(1.589_690_995_211_550_102e-10, -2.505_076_025_340_686_34e-8),
                    2.755_731_370_707_006_768e-6,
                ),
                -1.984_126_982_985_794_931e-4,
            ),
            8.333_333_333_322_489_461e-3,
        );
        r - ((z * (0.5 * low - cube * p) - low) - cube * -1.666_666_666_666_663_243e-1)
    };
    let cosine = {
        let p = z * z.mul_add(
            z.mul_add(
                z.mul_add(
                    z.mul_add(
                        z.mul_add(-1.135_964_755_778_819_482e-11, 2.087_572_321_298_174_827e-9),
                        -2.755_731_435_139_066_33e-7,
                    ),
                    2.480_158_728_947_673e-5,
                ),
                -1.388_888_888_887_410_957e-3,
            ),
            4.166_666_666_666_660_19e-2,
        );
        let half = 0.5 * z;
        let w = 1.0 - half;
        w + (((1.0 - w) - half) + (z * p - r * low))
    };
    (quadrant, sine, cosine)
}

/// The sine, if `quarter` is 0, and the cosine, if it is 1.
#[inline(always)]
fn sine_ahead(x: f64, quarter: u64) -> f64 {
    let (quadrant, sine, cosine) = turned(x);
    let quadrant = quadrant + quarter;
    let value = if quadrant & 1 == 0 { sine } else { cosine };
    f64::from_bits(value.to_bits() ^ ((quadrant & 2) << 62))
}

pub struct Sin;
impl Elementary for Sin {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        sine_ahead(x, 0)
    }
    #[inline(always)]
    fn special(x: f64) -> bool {
        x.is_nan() || x.abs() >= ANGLE_MAX
    }
    fn slow(x: f64) -> f64 {
        libm::sin(x)
    }
}

pub struct Cos;
impl Elementary for Cos {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        sine_ahead(x, 1)
    }
    #[inline(always)]
    fn special(x: f64) -> bool {
        x.is_nan() || x.abs() >= ANGLE_MAX
    }
    fn slow(x: f64) -> f64 {
        libm::cos(x)
    }
}

pub struct Tan;
impl Elementary for Tan {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        let (quadrant, sine, cosine) = turned(x);
        if quadrant & 1 == 0 { sine / cosine } else { -cosine / sine }
    }
    #[inline(always)]
    fn special(x: f64) -> bool {
        x.is_nan() || x.abs() >= ANGLE_MAX
    }
    fn slow(x: f64) -> f64 {
        libm::tan(x)
    }
}
