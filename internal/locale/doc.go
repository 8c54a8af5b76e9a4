// Package locale is the message catalog: everything that Latchkey says to people, on
// pages, in messages and on the command line, in every language. There is one file per
// language, texts/TAG.json, in go-i18n format: a key has one text, or one text for each
// plural form of the language (CLDR), with named placeholders ({{.Email}}).
//
// Invariants, which tests check:
//
//   - Every language has every key of English, with the same placeholders and
//     with the plural forms that it needs.
//   - A text never contains markup.
//
// For how the texts are worded, see docs/glossary.md.
package locale
