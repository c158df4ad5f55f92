//! Runs a loop with the widest vector instructions that the processor has.
//!
//! The compiler never contracts, reorders or reassociates floating-point operations on its own, so the bits are the
//! same with and without vectors; only time differs.

/// A loop. Mark `run`, and all that it calls, `#[inline(always)]`: only what is inlined gets the instructions.
pub trait Kernel {
    /// What the loop gives.
    type Output;
    /// The loop.
    fn run(self) -> Self::Output;
}

/// Runs the kernel, which is compiled for every x86-64 processor, once more for AVX2, and once more for AVX-512.
#[inline(always)]
pub fn run<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        return avx512::run(kernel);
    }
    pulp::Arch::new().dispatch(Wide(kernel))
}

/// What `pulp` does for AVX2. Its own AVX-512 would reach faer through Cargo's features, and there change results.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::Kernel;

    #[inline(always)]
    pub fn is_there() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("fma")
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "calling a function that is compiled for a certain processor")]
    pub fn run<K: Kernel>(kernel: K) -> K::Output {
        // SAFETY: `is_there` has said that this processor has the instructions.
        unsafe { compiled(kernel) }
    }

    #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512dq,avx512bw,avx512vl")]
    fn compiled<K: Kernel>(kernel: K) -> K::Output {
        kernel.run()
    }
}

struct Wide<K>(K);

impl<K: Kernel> pulp::WithSimd for Wide<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> K::Output {
        self.0.run()
    }
}

/// `out[i] = f(x[i])` for slices of one length.
pub(crate) struct Map<'a, T, U, F> {
    pub x: &'a [T],
    pub out: &'a mut [U],
    pub f: F,
}

impl<T: Copy, U, F: Fn(T) -> U> Kernel for Map<'_, T, U, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.out.iter_mut().zip(self.x).for_each(|(out, &x)| *out = (self.f)(x));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a fused multiply-add, which the wide instructions have, would round differently.
    fn contractible(x: f64) -> f64 {
        (x * 1.1 + 0.3) * x - 0.7 / x
    }

    #[test]
    fn wide_instructions_change_no_bit() {
        let x: Vec<f64> = (1..1000).map(|i| f64::from(i) * 0.37).collect();
        let (mut wide, mut narrow) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        run(Map { x: &x, out: &mut wide, f: contractible });
        Map { x: &x, out: &mut narrow, f: contractible }.run();
        assert!(wide.iter().zip(&narrow).all(|(a, b)| a.to_bits() == b.to_bits()));
        let fused = x.iter().any(|&x| x.mul_add(1.1, 0.3) != x * 1.1 + 0.3);
        assert!(fused, "the numbers would not show a contraction");
    }
}
