// Package api is the admin API: REST below /admin/api/v1, JSON, with problem details
// (RFC 9457) and an OpenAPI 3.1 document that is made of the types here.
//
// An operation is one row of one table ([operations]): its method, path, scope, words and
// handler. Routes, the document and the tests of who may do what follow from the table.
//
// The package keeps no rule but who calls and with which scope: who may do what to whom,
// and what a value may be, is decided by package account. It shows no secret: links that
// it makes are shown once, to who asked for them.
package api
