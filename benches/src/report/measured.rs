//! What one round of a case gave.

use std::fmt;

use serde::Serialize;

use crate::load::Window;
use crate::{Error, Result};

/// What one round of a case gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// In the unit of the case.
    pub value: f64,
    /// Units of work each second.
    pub per_second: Option<f64>,
    /// The latency that half of the stanzas did not exceed, in milliseconds.
    pub p50: Option<f64>,
    /// The latency that 99 of 100 stanzas did not exceed, in milliseconds.
    pub p99: Option<f64>,
}

impl Measured {
    /// A plain number.
    #[must_use]
    pub fn value(value: f64) -> Self {
        Self { value, per_second: None, p50: None, p99: None }
    }

    /// CPU time for each unit of work.
    ///
    /// # Errors
    /// When nothing was done.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn each(cpu_micros: u64, units: u64, seconds: f64) -> Result<Self> {
        if units == 0 || seconds <= 0.0 {
            return Err(Error::Server("nothing was done while it was measured".to_owned()));
        }
        let per_second = Some(units as f64 / seconds);
        Ok(Self { value: cpu_micros as f64 / units as f64, per_second, p50: None, p99: None })
    }

    /// CPU time for each stanza, with the latencies.
    ///
    /// # Errors
    /// When no stanza arrived.
    #[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^52")]
    pub fn window(window: &Window) -> Result<Self> {
        let each = Self::each(window.cpu_micros, window.units, window.seconds)?;
        let millis = |part| Some(window.latencies.quantile(part) as f64 / 1e6);
        Ok(Self { p50: millis(0.5), p99: millis(0.99), ..each })
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.value)
    }
}
