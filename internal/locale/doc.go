// Package locale is the message catalogue: everything that Latchkey says to
// people, on pages, in messages and on the command line, in every language. One
// file a language, texts/TAG.json, in the format of go-i18n: a key has a text, or
// one text for each plural form of the language (CLDR), with named placeholders
// ({{.Email}}).
//
// Invariants, which tests hold:
//
//   - Every language has every key of English, with the same placeholders and
//     with the plural forms that it needs.
//   - A text never holds markup.
//
// How the texts are worded is in docs/glossary.md.
package locale
