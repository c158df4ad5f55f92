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

/// Runs the kernel, which is compiled once for every x86-64 processor and once more for AVX2.
#[inline(always)]
pub fn run<K: Kernel>(kernel: K) -> K::Output {
    pulp::Arch::new().dispatch(Wide(kernel))
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
