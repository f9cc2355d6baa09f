//! `cinematch synth`.
