//! Numbers modulo the prime 2⁶¹ − 1, in which sums can be divided again.
//!
//! A Mersenne prime: a product of two is brought back with a shift and an
//! addition, so a multiplication costs two or three nanoseconds.

/// The prime.
pub const PRIME: u64 = (1 << 61) - 1;

/// Brings any number below the prime.
pub const fn reduce(number: u64) -> u64 {
    let folded = (number & PRIME) + (number >> 61);
    if folded >= PRIME {
        folded - PRIME
    } else {
        folded
    }
}

/// The sum of two numbers below the prime.
pub const fn add(a: u64, b: u64) -> u64 {
    reduce(a + b)
}

/// The difference of two numbers below the prime.
pub const fn sub(a: u64, b: u64) -> u64 {
    if a >= b { a - b } else { a + PRIME - b }
}

/// The product of two numbers below the prime.
pub const fn mul(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    let low = product as u64 & PRIME;
    let high = (product >> 61) as u64;
    reduce(low + high)
}

/// What multiplied with `a` is one; zero for zero.
///
/// By Fermat it is `a` to the power of the prime less two, a number whose bits
/// are all ones but the second: the power of 2ⁿ − 1 ones doubles its ones with
/// n squarings and a product.
pub const fn invert(a: u64) -> u64 {
    const fn squared(mut a: u64, times: u32) -> u64 {
        let mut done = 0;
        while done < times {
            a = mul(a, a);
            done += 1;
        }
        a
    }
    let two = mul(squared(a, 1), a); // two ones
    let three = mul(squared(two, 1), a);
    let six = mul(squared(three, 3), three);
    let twelve = mul(squared(six, 6), six);
    let fourteen = mul(squared(twelve, 2), two);
    let fifteen = mul(squared(fourteen, 1), a);
    let twenty_nine = mul(squared(fifteen, 14), fourteen);
    let fifty_nine = mul(squared(mul(squared(twenty_nine, 1), a), 29), twenty_nine);
    mul(squared(fifty_nine, 2), a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn element() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0), Just(1), Just(PRIME - 1), 0..PRIME]
    }

    proptest! {
        #[test]
        fn it_is_a_field(a in element(), b in element(), c in element()) {
            let wide = |number: u128| (number % u128::from(PRIME)) as u64;
            prop_assert_eq!(add(a, b), wide(u128::from(a) + u128::from(b)));
            prop_assert_eq!(mul(a, b), wide(u128::from(a) * u128::from(b)));
            prop_assert_eq!(add(sub(a, b), b), a);
            prop_assert_eq!(mul(a, add(b, c)), add(mul(a, b), mul(a, c)));
            prop_assert_eq!(mul(a, invert(a)), u64::from(a != 0));
        }

        #[test]
        fn every_number_has_its_place(number: u64) {
            prop_assert_eq!(reduce(number), number % PRIME);
        }
    }
}
