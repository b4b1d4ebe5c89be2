//! Closing and dropping: nothing hangs, nothing is left behind.
