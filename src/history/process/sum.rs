//! [`Sum`]: adding up without losing what is small (Neumaier's variant of Kahan's).

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(super) fn add(&mut self, number: f64) {
        let sum = self.sum + number;
        self.lost += if self.sum.abs() >= number.abs() {
            (self.sum - sum) + number
        } else {
            (number - sum) + self.sum
        };
        self.sum = sum;
    }

    pub(super) fn value(self) -> f64 {
        self.sum + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_is_not_lost() {
        let mut sum = Sum::default();
        for number in [1.0, 1e100, 1.0, -1e100] {
            sum.add(number);
        }
        assert_eq!(sum.value().to_bits(), 2.0_f64.to_bits());
    }
}
