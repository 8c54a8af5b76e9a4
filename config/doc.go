// Package config is Latchkey's typed configuration: one YAML file, an
// environment override for every key, and flags above both.
//
// Invariants:
//
//   - [Load] returns a complete and checked [Config], or an [*Error] with every
//     problem at once, each with its path, where it was written, and what to do.
//     Nothing is half loaded.
//   - Anything not understood is rejected: an unknown key, a value outside its set,
//     a setting that contradicts another.
//   - A secret is a [Secret], which prints nothing. It comes from a file or the
//     environment; plain text in a configuration file is accepted only under
//     `latchkey dev`.
//   - The struct tags below are the only list of keys. Defaults, the decoder,
//     the environment names, the JSON schema and the tables of
//     docs/configuration.md are all read from them.
package config
